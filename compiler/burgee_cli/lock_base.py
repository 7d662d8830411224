"""What `lock` and `check` compare a work tree with, and the locks that come of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from burgee.whole_files import put_whole
from burgee_cli.opened import Opened
from burgee_cli.outcome import No, Usage
from burgee_compiler.bases import Base, conflicts, find_base
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.load import load_repository
from burgee_compiler.lock_changes import LockChange, lock_changes
from burgee_compiler.lock_merge import is_marked, marked_sides, settle
from burgee_compiler.model.files import Lock
from burgee_compiler.repository import Repository
from burgee_compiler.trees import UnknownRevision

__all__ = ["changes_since", "open_base", "write_fixes", "write_locks"]


def open_base(opened: Opened, revision: str | None) -> Base | None:
    """Return the commit to compare with; Usage where a revision was named and there is none."""
    try:
        return find_base(opened.root, opened.tree, revision, opened.revision or "HEAD")
    except UnknownRevision as error:
        raise Usage(
            str(error),
            "name a commit, branch or tag of that repository; a shallow clone needs its history: "
            "`git fetch --unshallow`",
        ) from error


def changes_since(opened: Opened, base: Base | None) -> list[LockChange]:
    """Return all locks that want writing, and all tables that moved since the base."""
    before = None if base is None else load_repository(base.tree)
    return lock_changes(opened.repository, before, _settled(opened, before))


def _settled(opened: Opened, before: Repository | None) -> dict[str, Lock]:
    """Return the locks in conflict as one lock each, from the index or the marks in the file."""
    if opened.revision is not None:
        return {}
    found = {
        path: settle(sides, path)
        for path, sides in conflicts(opened.root).items()
        if path.endswith(".lock.yaml")
    }
    for name, tenant in opened.repository.tenants.items():
        for key, file in tenant.locks.items():
            data = None if file.lock is not None else opened.read(file.path)
            if file.path not in found and data is not None and is_marked(data):
                found[file.path] = settle(marked_sides(data), file.path, _at(before, name, key))
    return found


def _at(before: Repository | None, tenant: str, key: str) -> Lock | None:
    files = None if before is None else before.tenants.get(tenant)
    file = None if files is None else files.locks.get(key)
    return None if file is None else file.lock


def write_locks(root: Path, changes: Iterable[LockChange]) -> None:
    """Write and remove lock files; No where the disk refuses."""
    for each in changes:
        _put(root / each.path, each.text)


def write_fixes(root: Path, found: Iterable[Diagnostic]) -> bool:
    """Write the files that findings have a fix for, and say so; return whether there were any."""
    fixes = {each.fix.where.file: each.fix.text for each in found if each.fix and each.fix.where}
    for file, text in sorted(fixes.items()):
        _put(root / file, text.encode() or None)
        click.echo(printable(f"{'wrote' if text else 'removed'} {file}"), err=True)
    return bool(fixes)


def _put(path: Path, text: bytes | None) -> None:
    try:
        if text is None:
            path.unlink(missing_ok=True)
        else:
            put_whole(path, text)
    except OSError as error:
        raise No(f"{path} cannot be written: {error.strerror or error}") from error
