"""Revisions that belong together: merge bases, first parents, and the files two trees differ in."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pygit2

from burgee_compiler.layout import files_read
from burgee_compiler.trees import CommitTree, Tree, UnknownRevision

__all__ = ["changed_files", "commit_of", "first_parent", "merge_base", "same_text"]


def commit_of(root: Path, revision: str) -> pygit2.Commit:
    """Return the commit that a revision names; UnknownRevision where it names none."""
    found = pygit2.discover_repository(str(root))
    if found is None:
        raise UnknownRevision(f"{root} is in no git repository, so it has no revision {revision!r}")
    try:
        return pygit2.Repository(found).revparse_single(revision).peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise UnknownRevision(f"{revision!r} names no commit of {found}") from error


def first_parent(root: Path, revision: str) -> pygit2.Commit:
    """Return the first parent of a revision; UnknownRevision where it has none here."""
    commit = commit_of(root, revision)
    try:
        return commit.parents[0]
    except (IndexError, KeyError, pygit2.GitError):
        raise UnknownRevision(
            f"{revision!r} has no parent here; name the base with --base REV"
        ) from None


def merge_base(root: Path, one: str, other: str) -> pygit2.Commit:
    """Return the commit at which two revisions parted; UnknownRevision where there is none."""
    first, second = commit_of(root, one), commit_of(root, other)
    repository = pygit2.Repository(pygit2.discover_repository(str(root)) or str(root))
    found = cast(pygit2.Oid | None, repository.merge_base(first.id, second.id))
    if found is None:
        shallow = "; this clone is shallow: fetch its history" if repository.is_shallow else ""
        raise UnknownRevision(f"{one!r} and {other!r} have no commit in common{shallow}")
    return repository[found].peel(pygit2.Commit)


def changed_files(base: Tree, head: Tree) -> list[str]:
    """Return the files that the compiler reads and that are not the same in two trees."""
    old, new = files_read(base.entries()), files_read(head.entries())
    changed = set(old ^ new)
    for path in old & new:
        if not _same(base, head, path):
            changed.add(path)
    return sorted(changed)


def _same(base: Tree, head: Tree, path: str) -> bool:
    if isinstance(base, CommitTree) and isinstance(head, CommitTree):
        return base.blob(path) == head.blob(path)
    try:
        return same_text(base.read(path), head.read(path))
    except OSError:
        return False


def same_text(one: bytes, other: bytes) -> bool:
    """Return whether two files are one text; a checkout may have changed the ends of lines."""
    return one == other or one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")
