"""`burgee verify`: signatures and digests of what is published, and whether it is its commit's."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from msgspec import Struct

from burgee.load import Read, Refused, Snapshot, load_environment
from burgee.signatures import Trust
from burgee_cli.outcome import No, Usage
from burgee_cli.progress import shown_progress
from burgee_compiler.publish.opening import open_target
from burgee_compiler.publish.published import MANIFEST, reader
from burgee_compiler.publish.retry import Retry
from burgee_compiler.publish.target import Target, TargetError, Unusable
from burgee_compiler.rebuild import CannotRebuild, Rebuilt, rebuild

__all__ = ["command"]

_MOST_TOLD = 20


class _Verified(Struct, frozen=True):
    """One environment, and what building it again came to."""

    snapshot: Snapshot
    rebuilt: Rebuilt | None


@click.command("verify")
@click.argument("where", metavar="DIR-or-URL")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="PUB",
    type=click.Path(path_type=Path),
    help="A public key to trust; repeatable. Without any, only digests are checked.",
)
@click.option("--environment", "-e", "wanted", metavar="E", help="Default: all that are there.")
@click.option(
    "--rebuild",
    "repo",
    metavar="REPO",
    type=click.Path(path_type=Path),
    help="Build the commit again from this git repository, and compare every byte.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="A bearer token for an HTTP address; default: BURGEE_PUBLISH_TOKEN.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was verified as JSON.")
def command(
    where: str,
    keys: tuple[Path, ...],
    wanted: str | None,
    repo: Path | None,
    token_file: Path | None,
    as_json: bool,
) -> int:
    """Read what is published as an edge node would, and check every byte of it.

    A folder, s3://…, gs://…, az://…, or the http(s) URL that nodes have as their source; of a
    URL that lists no files --environment says which. With --rebuild the commit that the manifest
    names is built again, with what is held from the commits that are named for it: the same bytes
    prove that nothing else went into them. Exit 1 where anything does not hold.

    \b
    Example:  burgee verify dist --key keys/production/signing.pub --environment production
              burgee verify s3://flags/live --key signing.pub -e production --rebuild .
    """
    try:
        trust = Trust.read(keys)
    except (OSError, ValueError) as error:
        raise Usage(str(error), "name a signing.pub that `burgee keygen` wrote") from error
    try:
        target = open_target(where, token_file=token_file)
    except Unusable as error:
        raise Usage(str(error), error.help) from error
    try:
        names = _environments(target, wanted)
        with shown_progress():
            found = [_verify(target, name, trust if keys else None, repo) for name in names]
    except TargetError as error:
        raise No(str(error), error.help) from error
    finally:
        target.close()
    if as_json:
        rows = [_row(each, bool(keys)) for each in found]
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
    else:
        for each in found:
            _print(each, bool(keys))
    return int(any(each.rebuilt is not None and each.rebuilt.differences for each in found))


def _environments(target: Target, wanted: str | None) -> list[str]:
    there = target.list("")
    if there is None:
        if wanted is None:
            raise Usage(f"{target.place} lists no files", "name the environment with --environment")
        return [wanted]
    parts = [each.path.split("/") for each in there]
    names = sorted(path[0] for path in parts if path[1:] == [MANIFEST])
    if not names:
        raise Usage(
            f"{target.place} holds no build",
            "name the folder that `burgee build --out` wrote to, or what `burgee publish` did",
        )
    if wanted is not None and wanted not in names:
        raise Usage(
            f"there is no environment {wanted!r} in {target.place}",
            f"there are: {', '.join(names)}",
        )
    return names if wanted is None else [wanted]


def _verify(target: Target, environment: str, trust: Trust | None, repo: Path | None) -> _Verified:
    read: Read = reader(target, environment, Retry(tries=3))
    try:
        snapshot = load_environment(read, environment)
        if trust is not None:
            trust.check(read, snapshot.data)
        rebuilt = None if repo is None else rebuild(repo, environment, read)
    except Refused as error:
        raise No(f"{environment}: {error}", "publish the build again, and find out why") from error
    except CannotRebuild as error:
        raise No(f"{environment}: {error}", error.help) from error
    return _Verified(snapshot, rebuilt)


def _row(each: _Verified, signed: bool) -> dict[str, object]:
    manifest = each.snapshot.manifest
    row: dict[str, object] = {
        "environment": manifest.environment,
        "version": each.snapshot.version,
        "digest": each.snapshot.digest,
        "tenants": len(each.snapshot.tenants),
        "signed": signed,
    }
    if each.rebuilt is not None:
        row["commit"] = each.rebuilt.commit
        row["rebuilt"] = not each.rebuilt.differences
        row["differences"] = each.rebuilt.differences
    return row


def _print(each: _Verified, signed: bool) -> None:
    held = "signature and digests hold" if signed else "digests hold (no key was named)"
    click.echo(f"{each.snapshot.manifest.environment}: version {each.snapshot.version}, {held}")
    if each.rebuilt is None:
        return
    commit = each.rebuilt.commit[:7]
    differences = each.rebuilt.differences
    if not differences:
        click.echo(f"  built again from commit {commit}: the same bytes")
        return
    click.echo(f"  built again from commit {commit}, it is not what is published:")
    for told in differences[:_MOST_TOLD]:
        click.echo(f"    {told}")
    if len(differences) > _MOST_TOLD:
        click.echo(f"    and {len(differences) - _MOST_TOLD} more")
    if any(told.startswith("its compiler") for told in differences):
        click.echo("  another version of burgee built it: install that one, and ask again")
