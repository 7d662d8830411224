"""`burgee lock`: write the locks that keep users where they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from burgee.buckets import SLOTS
from burgee.instants import format_instant
from burgee_cli.lock_base import changes_since, open_base, write_locks
from burgee_cli.opened import open_repository
from burgee_cli.outcome import FINDING, counted
from burgee_compiler.allocate import transfers
from burgee_compiler.bases import Base
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.lock_changes import LockChange
from burgee_compiler.locking import TableMove

__all__ = ["command"]


@click.command("lock")
@click.argument("repo", required=False, type=click.Path(path_type=Path))
@click.option(
    "--base",
    "revision",
    metavar="REV",
    help="Compare with the merge base of HEAD and this revision; default: HEAD.",
)
@click.option("--check", "dry", is_flag=True, help="Write nothing; exit 1 if a lock has to change.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print what moves and what is written as JSON."
)
def command(repo: Path | None, revision: str | None, dry: bool, as_json: bool) -> int:
    """Write the lock files of splits whose weights changed, so that as few users move as can be.

    For each table it prints how many users move and how many have to. Locks that nothing needs any
    more are removed. In a merge or rebase it settles the locks that are in conflict: edit the
    weights first, then run this, then `git add` both.

    \b
    Example:  burgee lock
              burgee lock --base main
              burgee lock --base origin/main --check
    """
    opened = open_repository(repo)
    base = open_base(opened, revision)
    changes = changes_since(opened, base)
    writes = [each for each in changes if each.differs]
    refused = [each for each in changes if each.refused is not None]
    if not dry:
        write_locks(opened.root, writes)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_form(changes, base))))
    else:
        for line in _lines(changes, dry=dry):
            click.echo(line)
    for each in refused:
        click.echo(f"error: {each.tenant}/{each.key}: {each.refused}", err=True)
    return FINDING if refused or (dry and writes) else 0


def _lines(changes: Sequence[LockChange], *, dry: bool) -> Iterator[str]:
    for each in changes:
        shown = [table for table in each.tables if table.moved or table.moved_unlocked]
        if shown:
            yield printable(f"{each.tenant}/{each.key}")
        for table in shown:
            yield from _table(table)
    written = [each for each in changes if each.differs and each.text is not None]
    removed = [each for each in changes if each.differs and each.text is None]
    would = "would " if dry else ""
    for each in written:
        yield printable(f"{would}write {each.path}" if dry else f"wrote {each.path}")
    for each in removed:
        yield printable(f"{would}remove {each.path}" if dry else f"removed {each.path}")
    if not written and not removed:
        yield "no lock has to change"
    elif not dry:
        files = counted(len(written) + len(removed), "lock file")
        yield f"{files} changed: review and commit them with the flags"


def _table(table: TableMove) -> Iterator[str]:
    where = ", ".join(table.environments)
    step = "" if table.at is None else f" from {format_instant(table.at)} on"
    least = "the least possible" if table.moved == table.least else f"least: {_share(table.least)}"
    without = table.moved_unlocked
    saved = f"; without this lock {_share(without)}" if without > table.moved else ""
    yield printable(f"  {table.table}{step} in {where}:")
    yield f"    {_share(table.moved)} of its users move, {least}{saved}"
    if table.before is not None:
        for (old, new), slots in sorted(transfers(table.before, table.after).items(), key=str):
            yield printable(f"    {old} -> {new}: {_share(slots)}")


def _share(slots: int) -> str:
    """Return a number of slots as percent: a slot is a thousandth of one, so this is exact."""
    return f"{slots * 100 // SLOTS}.{slots % 1_000:03} %"


def _form(changes: Sequence[LockChange], base: Base | None) -> dict[str, Any]:
    return {
        "base": None if base is None else base.commit,
        "slots": SLOTS,
        "flags": [_flag_form(each) for each in changes],
    }


def _flag_form(change: LockChange) -> dict[str, Any]:
    action = "none" if not change.differs else "remove" if change.text is None else "write"
    return {
        "tenant": change.tenant,
        "flag": change.key,
        "path": change.path,
        "action": "refused" if change.refused is not None else action,
        "why": change.refused,
        "tables": [_table_form(each) for each in change.tables],
    }


def _table_form(table: TableMove) -> dict[str, Any]:
    ways = {} if table.before is None else transfers(table.before, table.after)
    return {
        "table": table.table,
        "at": None if table.at is None else format_instant(table.at),
        "environments": table.environments,
        "moved": table.moved,
        "least": table.least,
        "without": table.moved_unlocked,
        "moves": [
            {"from": old, "to": new, "slots": slots}
            for (old, new), slots in sorted(ways.items(), key=str)
        ],
    }
