"""The one place where a write that changes weights gets the locks that keep users in place."""

from __future__ import annotations

from msgspec.structs import replace

from burgee_compiler.checks.lock_splits import splits_in
from burgee_compiler.lock_changes import lock_changes
from burgee_compiler.repository import Repository, SourceFile, TenantFiles
from burgee_compiler.writes.changes import Changes

__all__ = ["with_locks"]


def with_locks(before: Repository, after: Repository, changes: Changes) -> Changes:
    """Return the changes with the locks of the flags that they touch, moved as little as can be.

    A flag whose lock cannot be worked out keeps the one it has: the checks say what is wrong.
    """
    touched = {
        name: _touched(before.tenants.get(name, files), files, changes, _environments(after))
        for name, files in after.tenants.items()
    }
    head = replace(after, tenants={name: files for name, files in touched.items() if files.flags})
    found = lock_changes(head, before) if head.tenants else []
    made = {each.path: each.text for each in found if each.differs and each.refused is None}
    return {**changes, **made} if made else changes


def _touched(
    before: TenantFiles, after: TenantFiles, changes: Changes, environments: tuple[str, ...]
) -> TenantFiles:
    """Return a tenant with the flags alone of which a write changes a split."""
    flags = {
        key: file
        for key, file in after.flags.items()
        if file.path in changes and _splits_change(before.flags.get(key), file, environments)
    }
    locks = {key: file for key, file in after.locks.items() if key in flags}
    return replace(after, flags=flags, locks=locks, is_whole=False)


def _splits_change(
    before: SourceFile | None, after: SourceFile, environments: tuple[str, ...]
) -> bool:
    if before is None or before.flag is None or after.flag is None:
        return False  # nobody is in a table yet, or the checks refuse it
    old, new = before.flag, after.flag
    return any(splits_in(old, each) != splits_in(new, each) for each in environments)


def _environments(repository: Repository) -> tuple[str, ...]:
    return () if repository.burgee is None else repository.burgee.environments
