"""`burgee list`: what flags there are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from burgee.instants import format_instant
from burgee_cli.effective import environments_of, one_of
from burgee_cli.opened import INSTANT, Opened, open_repository, repo_option, rev_option
from burgee_compiler.model.flag import Flag
from burgee_compiler.model.types import type_of
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import flag_at

__all__ = ["command"]


class Row(msgspec.Struct, frozen=True):
    """One flag; `state` by environment."""

    tenant: str
    key: str
    file: str
    type: str
    kind: str
    state: dict[str, str]
    owner: str | None = None
    tags: tuple[str, ...] = ()
    name: str | None = None
    expires: str | None = None


class Wanted(msgspec.Struct, frozen=True):
    """Which flags are listed; what is None or empty does not matter."""

    tenant: str | None
    tags: tuple[str, ...]
    kind: str | None
    state: str | None

    def takes(self, row: Row) -> bool:
        """Return whether the flag is to be listed; a state in any of the environments will do."""
        return (
            self.tenant in (None, row.tenant)
            and set(self.tags) <= set(row.tags)
            and self.kind in (None, row.kind)
            and (self.state is None or self.state in row.state.values())
        )


@click.command("list")
@repo_option
@rev_option
@click.option("--tenant", "-t", metavar="NAME", help="Only this tenant's flags.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only with this tag; repeatable.")
@click.option(
    "--kind",
    type=click.Choice(["release", "experiment", "ops", "permission"]),
    help="Only of this kind.",
)
@click.option("--state", type=click.Choice(["on", "off"]), help="Only with this state somewhere.")
@click.option("--environment", "-e", metavar="NAME", help="Look at this environment alone.")
@click.option("--at", type=INSTANT, help="The clock, for scheduled changes of state; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the flags as JSON.")
def command(
    repo: Path | None,
    rev: str | None,
    environment: str | None,
    at: int | None,
    as_json: bool,
    **wanted: object,
) -> int:
    """List flags with their state in each environment.

    \b
    Example:  burgee list --tenant acme --tag checkout
              burgee list --environment production --state off
    """
    opened = open_repository(repo, rev)
    which = msgspec.convert(wanted, Wanted)
    if which.tenant is not None:
        one_of("tenant", which.tenant, list(opened.repository.tenants))
    environments = environments_of(opened.repository)
    if environment is not None:
        environments = (one_of("environment", environment, list(environments)),)
    now = time.time_ns() // 1_000 if at is None else at
    rows = [row for row in _rows(opened, environments, now) if which.takes(row)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
    else:
        _print(rows, environments)
    _tell_unread(opened, which.tenant)
    return 0


def _rows(opened: Opened, environments: Sequence[str], now: int) -> Iterator[Row]:
    for files in opened.repository.tenants.values():
        for key, file in sorted(files.flags.items()):
            if file.flag is not None:
                yield _row(files, key, file.flag, environments, now)


def _row(files: TenantFiles, key: str, flag: Flag, environments: Sequence[str], now: int) -> Row:
    return Row(
        files.name,
        key,
        files.flags[key].path,
        type_of(flag),
        flag.kind,
        {name: flag_at(flag, name, now).state for name in environments},
        flag.owner,
        flag.tags,
        flag.name,
        None if flag.expires is None else format_instant(flag.expires),
    )


def _print(rows: Sequence[Row], environments: Sequence[str]) -> None:
    if not rows:
        click.echo("no flags")
        return
    head = ("TENANT", "FLAG", *(name.upper() for name in environments))
    table = [(*head, "TYPE", "KIND", "OWNER", "TAGS")]
    for row in rows:
        states = [row.state[name] for name in environments]
        tags = ", ".join(row.tags) or "-"
        table.append((row.tenant, row.key, *states, row.type, row.kind, row.owner or "-", tags))
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for line in table:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _tell_unread(opened: Opened, tenant: str | None) -> None:
    """Say on standard error how many flags are missing from the list."""
    unread = sum(
        file.flag is None
        for files in opened.repository.tenants.values()
        if tenant in (None, files.name)
        for file in files.flags.values()
    )
    if unread:
        what = "1 flag that does" if unread == 1 else f"{unread} flags that do"
        click.echo(f"without {what} not read: `burgee check` says why", err=True)
