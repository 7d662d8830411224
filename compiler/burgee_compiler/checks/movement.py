"""B419, B420: since a base no table moves more users than it has to. Asked for with `--base`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import structs

from burgee.buckets import SLOTS
from burgee.instants import format_instant
from burgee_compiler.checks.hints import listed
from burgee_compiler.checks.views import FlagView, TenantView
from burgee_compiler.checks.walk import Path, said
from burgee_compiler.diagnostics import Diagnostic, Fix, Label, Where, diagnostic
from burgee_compiler.lock_changes import LockChange
from burgee_compiler.locking import TableMove
from burgee_compiler.repository import Repository

__all__ = ["check_movement", "with_lock_fixes"]


def check_movement(
    repository: Repository, changes: Iterable[LockChange], since: str
) -> Iterator[Diagnostic]:
    """Report tables that move more slots since a revision than the lock they should have."""
    for change in changes:
        costly = [each for each in change.tables if each.moved_unlocked > each.moved]
        if costly:
            tenant = TenantView(repository, repository.tenants[change.tenant])
            file = tenant.files.flags[change.key]
            assert file.flag is not None, "tables were made of it"
            view = FlagView(tenant, file, file.flag)
            for table in costly:
                yield _finding(view, change, table, since)


def _finding(view: FlagView, change: LockChange, table: TableMove, since: str) -> Diagnostic:
    entry = _entry(view, change, table)
    called = "the default" if table.table == "default" else f'the rule "{table.table}"'
    step = "" if table.at is None else f" from {format_instant(table.at)} on"
    saved = table.moved_unlocked - table.moved
    return diagnostic(
        "B419" if entry is None else "B420",
        f"the split of {called}{step} moves {_share(table.moved_unlocked)} of its users in "
        f"{listed(table.environments)}, where {_share(table.moved)} would do",
        view.where(_path(view, table)),
        labels=() if entry is None else (Label(Where(change.path, entry), "the lock"),),
        notes=(f"compared with {since}; a lock keeps {_share(saved)} where they are",),
        help=f"`burgee lock --base {since}` writes it, and `burgee check --base {since} --fix` too",
        subject=view.subject,
    )


def _entry(view: FlagView, change: LockChange, table: TableMove) -> Path | None:
    file = view.tenant.files.locks.get(change.key)
    if file is None:
        return None
    if file.lock is None:
        return ()
    for index, each in enumerate(file.lock.tables):
        if (each.table, each.at) == (table.table, table.at) and not set(
            each.environments
        ).isdisjoint(table.environments):
            return "tables", index
    return None


def _path(view: FlagView, table: TableMove) -> Path:
    """Return where the split is written: in the flag, an overlay, a step."""
    for path, part in view.parts:
        default = said(part, "default")
        if default is not None and default.serve.split is table.weights:
            return (*path, "default", "serve", "split")
    for path, part in view.rule_parts:
        serve = said(part, "serve")
        if serve is not None and serve.split is table.weights:
            return (*path, "serve", "split")
    return ()


def _share(slots: int) -> str:
    return f"{slots * 100 // SLOTS}.{slots % 1_000:03} %"


def with_lock_fixes(found: Iterable[Diagnostic], changes: Iterable[LockChange]) -> list[Diagnostic]:
    """Return the findings, those that a new lock settles with that lock as their fix."""
    writes = {each.path: each for each in changes if each.differs}
    of_flag = {each.flag_path: each for each in writes.values()}
    return [_fixed(each, writes.get(each.where.file) or _of_flag(each, of_flag)) for each in found]


def _of_flag(found: Diagnostic, of_flag: dict[str, LockChange]) -> LockChange | None:
    return of_flag.get(found.where.file) if found.code in ("B419", "B420") else None


def _fixed(found: Diagnostic, change: LockChange | None) -> Diagnostic:
    if change is None:
        return found
    return structs.replace(found, fix=Fix((change.text or b"").decode(), Where(change.path)))
