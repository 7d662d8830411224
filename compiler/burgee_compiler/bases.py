"""What a work tree is compared with: the commit before a change, and what is in conflict."""

from __future__ import annotations

from pathlib import Path

import pygit2
from msgspec import Struct

from burgee_compiler.layout import ROOT_FILE, files_read
from burgee_compiler.lock_merge import Sides
from burgee_compiler.trees import Entry, Tree, UnknownRevision, folder_inside, open_commit

__all__ = ["Base", "conflicts", "find_base"]


class Base(Struct, frozen=True):
    """The commit to compare with, and what of it may matter for the change."""

    commit: str
    tree: Tree


def find_base(
    root: Path, tree: Tree, revision: str | None, head_revision: str = "HEAD"
) -> Base | None:
    """Return the merge base of the head and a revision, the head itself where none is named.

    While a merge is under way its other side counts as well: against what is merged in, nothing of
    it is a change. None where there is no git repository or no commit; UnknownRevision where the
    revision is none, or has no commit in common with the head.
    """
    try:
        _, head = open_commit(root, head_revision)
    except UnknownRevision:
        if revision is None:
            return None
        raise
    commit = str(head.id)
    if revision is not None:
        commit = _merge_base(root, head, revision, head_revision == "HEAD")
    at_base, _ = open_commit(root, commit)
    return Base(commit, _Differing(at_base, tree))


def _merge_base(root: Path, head: pygit2.Commit, revision: str, merging: bool) -> str:
    _, named = open_commit(root, revision)
    repository = _repository(root)
    sides = [head.id]
    merged = Path(repository.path) / "MERGE_HEAD"
    if merging and merged.exists():
        sides += [pygit2.Oid(hex=line) for line in merged.read_text("ascii").split()]
    found: list[pygit2.Oid | None] = [repository.merge_base(named.id, side) for side in sides]
    bases = [each for each in found if each is not None]
    if not bases:
        raise UnknownRevision(f"{revision!r} and the head have no commit in common here")
    newest = bases[0]
    for base in bases[1:]:
        if base != newest and repository.descendant_of(base, newest):
            newest = base
    return str(newest)


class _Differing:
    """A tree without the flags that are just as they are in another: they cannot have moved."""

    def __init__(self, tree: Tree, other: Tree) -> None:
        self._tree = tree
        entries = tree.entries()
        here = files_read(other.entries())
        stems = {
            _stem(path)
            for path in files_read(entries) ^ here
            | {path for path in here if _is_flags(path) and not _alike(path, tree, other)}
        }
        self._entries = [
            each for each in entries if not _is_flags(each.path) or _stem(each.path) in stems
        ]

    def entries(self) -> list[Entry]:
        return self._entries

    def read(self, path: str) -> bytes:
        return self._tree.read(path)


def _is_flags(path: str) -> bool:
    """Return whether a file is a flag, a lock or a segment; the others are always of interest."""
    return path != ROOT_FILE and path.count("/") > 1


def _stem(path: str) -> str:
    return path.removesuffix(".yaml").removesuffix(".lock")


def _alike(path: str, one: Tree, other: Tree) -> bool:
    try:
        first, second = one.read(path), other.read(path)
    except OSError:
        return False
    return first.replace(b"\r\n", b"\n") == second.replace(b"\r\n", b"\n")


def conflicts(root: Path) -> dict[str, Sides]:
    """Return the files of a flag repository that the index holds in several versions."""
    if pygit2.discover_repository(str(root)) is None:
        return {}
    repository = _repository(root)
    found: dict[str, Sides] = {}
    inside = folder_inside(repository, root)
    prefix = f"{inside}/" if inside else ""
    for stages in repository.index.conflicts or ():
        path = next(each.path for each in stages if each is not None)
        if path.startswith(prefix):
            blobs = [None if each is None else repository[each.id].data for each in stages]  # type: ignore[attr-defined]
            ancestor, ours, theirs = blobs
            # A file that both sides made has an ancestor all the same: the empty one.
            found[path.removeprefix(prefix)] = Sides(ancestor or b"", ours, theirs)
    return found


def _repository(root: Path) -> pygit2.Repository:
    found = pygit2.discover_repository(str(root))
    assert found is not None, "the caller has opened a commit of it"
    return pygit2.Repository(found)
