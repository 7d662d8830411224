"""`burgee stats`: how many flags of what kind there are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import msgspec

from burgee.instants import format_instant
from burgee_cli.effective import environments_of, one_of
from burgee_cli.opened import INSTANT, Opened, open_repository, repo_option, rev_option
from burgee_cli.outcome import counted
from burgee_cli.progress import shown_progress
from burgee_compiler.build import check
from burgee_compiler.counting import TenantCounts, count_tenant, sum_of
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.model.files import StaleSettings
from burgee_compiler.past.steps import open_history
from burgee_compiler.stale import Found, find_stale

__all__ = ["command"]

_SHOWN: Final = 8
_STATUSES: Final = ("draft", "running", "paused", "concluded")


@click.command("stats")
@repo_option
@rev_option
@click.option("--tenant", "-t", metavar="NAME", help="Only this tenant.")
@click.option("--environment", "-e", metavar="NAME", help="Look at this environment alone.")
@click.option("--at", type=INSTANT, help="The clock; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(
    repo: Path | None,
    rev: str | None,
    tenant: str | None,
    environment: str | None,
    at: int | None,
    as_json: bool,
) -> int:
    """Count flags by state, kind, type, owner and tag, experiments, and what could go.

    Tenant by tenant and environment by environment; what is stale is what `burgee stale` names.

    \b
    Example:  burgee stats
              burgee stats --tenant acme --environment production --json
    """
    opened = open_repository(repo, rev)
    tenants = list(opened.repository.tenants)
    if tenant is not None:
        tenants = [one_of("tenant", tenant, tenants)]
    environments = environments_of(opened.repository)
    if environment is not None:
        environments = (one_of("environment", environment, list(environments)),)
    now = time.time_ns() // 1_000 if at is None else at
    with shown_progress():
        stale = _stale(opened, now)
    opened.remember()
    counts = [
        count_tenant(opened.repository.tenants[name], environments, stale, now) for name in tenants
    ]
    whole = sum_of(counts)
    if as_json:
        shown = {"at": format_instant(now), "total": whole, "tenants": counts}
        click.echo(msgspec.json.format(msgspec.json.encode(shown)))
        return 0
    lines: list[str] = []
    for each in counts:
        lines += [*_lines(each), ""]
    if len(counts) != 1:
        lines += [*_lines(whole), ""]
    click.echo("\n".join(map(printable, lines)), nl=False)
    return 0


def _stale(opened: Opened, now: int) -> tuple[Found, ...]:
    repository = opened.repository
    settings = StaleSettings() if repository.burgee is None else repository.burgee.stale
    read = opened.read if opened.revision is None else None
    history = open_history(opened.root, opened.revision or "HEAD")
    return find_stale(repository, check(repository), history, now, settings, read=read).found


def _lines(counts: TenantCounts) -> Iterator[str]:
    name = "all tenants" if counts.tenant is None else counts.tenant
    yield (
        f"{name}: {counted(counts.flags, 'flag')}, {counted(counts.segments, 'segment')}, "
        f"{counted(counts.tests, 'test')}"
    )
    if counts.unread:
        yield f"  {counted(counts.unread, 'flag')} not read: `burgee check` says why"
    yield from _environments(counts)
    for title, found in (
        ("kind", counts.kinds),
        ("type", counts.types),
        ("owner", counts.owners),
        ("tag", counts.tags),
    ):
        if found:
            yield f"  {title:<9}  {_shares(found)}"
    if counts.untested:
        yield f"  {'untested':<9}  {counted(counts.untested, 'flag')}"
    stale = counts.stale_flags + counts.stale_segments
    if stale:
        said = [
            counted(number, what)
            for number, what in (
                (counts.stale_flags, "flag"),
                (counts.stale_segments, "segment"),
            )
            if number
        ]
        yield f"  {'stale':<9}  {' and '.join(said)} ({_shares(counts.stale)})"


def _environments(counts: TenantCounts) -> Iterator[str]:
    if not counts.environments:
        return
    head = ("", "on", "off", "rules", "overrides", *_STATUSES)
    rows: list[tuple[str, ...]] = [head]
    for name, each in counts.environments.items():
        experiments = (each.experiments.get(status, 0) for status in _STATUSES)
        figures = (each.on, each.off, each.rules, each.overrides, *experiments)
        rows.append((name, *(f"{figure:,}" for figure in figures)))
    widths = [max(len(row[index]) for row in rows) for index in range(len(head))]
    first = max(9, widths[0])
    for row in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield f"  {row[0]:<{first}}  {'  '.join(cells)}"


def _shares(found: Mapping[str, int]) -> str:
    shown = list(found.items())[:_SHOWN]
    more = len(found) - len(shown)
    tail = f", and {more} more" if more else ""
    return ", ".join(f"{name} {number:,}" for name, number in shown) + tail
