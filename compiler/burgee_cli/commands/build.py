"""`burgee build`: check, test, compile, write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from burgee.load import Refused, read_folder
from burgee_cli.findings import print_findings
from burgee_cli.opened import Opened, cache_option, open_repository, rev_option
from burgee_cli.outcome import FINDING, No, Usage, counted
from burgee_cli.progress import shown_progress
from burgee_compiler.build import Build, EnvironmentBuild, build, has_errors
from burgee_compiler.hold import LastGood, read_last_good
from burgee_compiler.write import write_builds

__all__ = ["command"]


@click.command("build")
@click.argument("repo", required=False, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write.")
@rev_option
@cache_option
@click.option(
    "--last-good",
    type=click.Path(path_type=Path),
    help="Keep flags that do not build as they are in this earlier output.",
)
@click.option(
    "--sign",
    "keys",
    multiple=True,
    metavar="KEYFILE",
    type=click.Path(path_type=Path),
    help="Sign the manifests with this private key; repeatable while keys are rotated.",
)
@click.option(
    "--environment", "-e", "wanted", multiple=True, metavar="E", help="Write these; default: all."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was built as JSON.")
def command(
    repo: Path | None,
    out: Path,
    rev: str | None,
    last_good: Path | None,
    keys: tuple[Path, ...],
    wanted: tuple[str, ...],
    as_json: bool,
) -> int:
    """Check and test the flags, and write the snapshots of every environment below OUT.

    With an error nothing is written and the exit is 1. With --last-good, flags that do not build
    are held at their last form, the rest is written, and the exit is 1 all the same.

    \b
    Example:  burgee build --out dist
              burgee build --out dist --last-good dist
              burgee build --out dist --environment production --sign keys/production/signing.key
    """
    with shown_progress():
        opened = open_repository(repo, rev)
    before = None if last_good is None else lambda name: _last(last_good, name)
    sign = _signing(keys)
    with shown_progress():
        made = build(opened.repository, opened.facts(), before)
    opened.remember()
    chosen = _chosen(made, wanted)
    if chosen:
        try:
            write_builds([sign(each) for each in chosen], out)
        except OSError as error:
            raise Usage(f"{out} cannot be written: {error.strerror or error}") from error
    note = opened.dirty_note() if chosen else None
    found = made.found if note is None else [*made.found, note]
    made = msgspec.structs.replace(made, found=found, environments=chosen)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_summary(made))))
    else:
        _print(made, opened, out)
    return FINDING if has_errors(made.found) else 0


def _signing(keys: tuple[Path, ...]) -> Callable[[EnvironmentBuild], EnvironmentBuild]:
    if not keys:
        return lambda build: build
    from burgee_compiler.signing import read_signing_key, signed  # noqa: PLC0415  cryptography

    try:
        signers = [read_signing_key(path) for path in keys]
    except (OSError, ValueError) as error:
        raise Usage(str(error), "name a signing.key that `burgee keygen` wrote") from error
    return lambda build: signed(build, signers)


def _chosen(made: Build, wanted: tuple[str, ...]) -> list[EnvironmentBuild]:
    names = [each.environment for each in made.environments]
    for name in wanted:
        if names and name not in names:
            raise Usage(f"there is no environment {name!r}", f"there are: {', '.join(names)}")
    return [each for each in made.environments if not wanted or each.environment in wanted]


def _last(folder: Path, environment: str) -> LastGood | None:
    try:
        return read_last_good(read_folder(folder / environment), environment)
    except Refused as error:
        raise No(str(error), "name a folder that `burgee build` wrote, or an empty one") from error


def _print(made: Build, opened: Opened, out: Path) -> None:
    if made.found:
        print_findings(made.found, opened, "text", "")
    if not made.environments:
        click.echo("nothing was written")
        return
    for each in made.environments:
        click.echo(f"{each.environment}: version {each.version}, digest {each.digest}")
        for tenant, held in each.held.items():
            for key, commit in held.items():
                click.echo(
                    f"  held: {tenant}/{key} as of {commit[:7] if len(commit) == 40 else commit}"
                )
    passed = sum(outcome.found is None for outcome in made.tests)
    click.echo(f"{counted(passed, 'test')} passed; written to {out}")


def _summary(made: Build) -> dict[str, object]:
    return {
        "errors": sum(each.severity == "error" for each in made.found),
        "warnings": sum(each.severity == "warning" for each in made.found),
        "tests": {
            "passed": sum(each.found is None for each in made.tests),
            "failed": sum(each.found is not None for each in made.tests),
        },
        "environments": {
            each.environment: {
                "version": each.version,
                "digest": each.digest,
                "held": each.held,
            }
            for each in made.environments
        },
    }
