"""`burgee stale`: flags and segments that could go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from burgee.instants import format_instant
from burgee_cli.asked_nodes import asked_of
from burgee_cli.effective import one_of
from burgee_cli.opened import INSTANT, Opened, open_repository, repo_option, rev_option
from burgee_cli.outcome import FINDING, Usage
from burgee_cli.progress import shown_progress
from burgee_cli.stale_text import stale_data, stale_text, unknown_references
from burgee_compiler.build import check
from burgee_compiler.model.files import StaleSettings
from burgee_compiler.past.steps import open_history
from burgee_compiler.stale import Report, find_stale
from burgee_compiler.stale.asked import Asked
from burgee_compiler.stale.code import Scan, scan_code

__all__ = ["command"]

_DAY: Final = 86_400_000_000


@click.command("stale")
@repo_option
@rev_option
@click.option("--tenant", "-t", metavar="NAME", help="Only this tenant's.")
@click.option(
    "--code",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Search the code in DIR for flags, too; repeatable.",
)
@click.option(
    "--metrics",
    "nodes",
    metavar="URL",
    multiple=True,
    help="The admin listener of a node: flags that nobody asks for, too; repeatable.",
)
@click.option(
    "--days",
    type=click.IntRange(min=0),
    help="How long everyone must have got one answer; default: burgee.yaml's, else 30.",
)
@click.option("--at", type=INSTANT, help="The clock; default: now.")
@click.option("--fail", is_flag=True, help="Exit 1 where anything is found.")
@click.option("--json", "as_json", is_flag=True, help="Print what is found as JSON.")
def command(  # noqa: PLR0913  (an argument for each option)
    *,
    repo: Path | None,
    rev: str | None,
    tenant: str | None,
    code: tuple[Path, ...],
    nodes: tuple[str, ...],
    days: int | None,
    at: int | None,
    fail: bool,
    as_json: bool,
) -> int:
    """Find flags and segments that could go, and tell since when and by which commit.

    Flags that have given everyone one answer for long, that are past `expires`, or whose
    experiment is concluded; segments that no flag uses; with --code, flags that no code names,
    and code that names flags which do not exist; with --metrics, flags that no node was asked for
    in --days, name all nodes of one environment. All of it is advice: exit 0.

    \b
    Example:  burgee stale
              burgee stale --code src --code web --fail
              burgee stale --metrics http://127.0.0.1:9090 --days 14
    """
    opened = open_repository(repo, rev)
    if tenant is not None:
        one_of("tenant", tenant, list(opened.repository.tenants))
    now = time.time_ns() // 1_000 if at is None else at
    settings = _settings(opened, days)
    with shown_progress():
        scan = _scan(opened, code) if code else None
        evaluated = asked_of(nodes) if nodes else None
        report = _report(opened, now, settings, scan, evaluated)
    opened.remember()
    if tenant is not None:
        report = Report(
            tuple(each for each in report.found if each.tenant == tenant), report.has_history
        )
    keys = sorted({key for files in opened.repository.tenants.values() for key in files.flags})
    unknown = [] if scan is None else unknown_references(scan, keys)
    if as_json:
        head = {"at": format_instant(now), "days": settings.days}
        whole = stale_data(report, scan, unknown, opened.read, head)
        click.echo(msgspec.json.format(msgspec.json.encode(whole)))
    else:
        click.echo(stale_text(report, scan, unknown, opened.read))
    if not report.has_history:
        what = "whether flags have long given everyone one answer cannot be told"
        click.echo(f"without git's history {what}", err=True)
    if evaluated is not None and evaluated.since > now - settings.days * _DAY:
        began = format_instant(evaluated.since).partition(".")[0]
        what = f"which flags nobody asks for in {settings.days} days cannot be told yet"
        click.echo(f"the nodes count since {began}: {what}", err=True)
    return FINDING if fail and (report.found or unknown) else 0


def _settings(opened: Opened, days: int | None) -> StaleSettings:
    burgee = opened.repository.burgee
    settings = StaleSettings() if burgee is None else burgee.stale
    return settings if days is None else msgspec.structs.replace(settings, days=days)


def _report(
    opened: Opened,
    now: int,
    settings: StaleSettings,
    scan: Scan | None,
    evaluated: Asked | None,
) -> Report:
    repository = opened.repository
    return find_stale(
        repository,
        check(repository),
        open_history(opened.root, opened.revision or "HEAD"),
        now,
        settings,
        read=opened.read if opened.revision is None else None,
        named=None if scan is None else _named(opened, scan),
        evaluated=evaluated,
    )


def _named(opened: Opened, scan: Scan) -> set[tuple[str, str]]:
    tenants = opened.repository.tenants
    return {
        (name, key) for name, files in tenants.items() for key in scan.known.keys() & files.flags
    }


def _scan(opened: Opened, folders: Sequence[Path]) -> Scan:
    keys = {key for files in opened.repository.tenants.values() for key in files.flags}
    try:
        scan = scan_code(folders, keys)
    except OSError as error:
        raise Usage(f"{error.filename} cannot be read: {error.strerror or error}") from error
    if not scan.files:  # every flag would be called unnamed
        raise Usage(
            f"there is no code in {', '.join(map(str, folders))}",
            "name the folders of the apps that ask for flags with --code DIR; "
            "what git ignores is passed over",
        )
    return scan
