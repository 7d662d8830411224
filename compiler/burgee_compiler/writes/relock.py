"""The one place where a write that changes weights gets the locks that keep users in place."""

from __future__ import annotations

from msgspec.structs import replace

from burgee_compiler.lock_changes import lock_changes
from burgee_compiler.repository import Repository, TenantFiles
from burgee_compiler.writes.changes import Changes

__all__ = ["with_locks"]


def with_locks(before: Repository, after: Repository, changes: Changes) -> Changes:
    """Return the changes with the locks of the flags that they touch, moved as little as can be.

    A flag whose lock cannot be worked out keeps the one it has: the checks say what is wrong.
    """
    touched = {name: _touched(files, changes) for name, files in after.tenants.items()}
    head = replace(after, tenants={name: files for name, files in touched.items() if files.flags})
    found = lock_changes(head, before) if head.tenants else []
    made = {each.path: each.text for each in found if each.differs and each.refused is None}
    return {**changes, **made} if made else changes


def _touched(files: TenantFiles, changes: Changes) -> TenantFiles:
    """Return a tenant with the flags alone whose files a write changes."""
    flags = {key: file for key, file in files.flags.items() if file.path in changes}
    locks = {key: file for key, file in files.locks.items() if key in flags}
    return replace(files, flags=flags, locks=locks, is_whole=False)
