"""The files of a commit, listed once, with changes laid over them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha1
from typing import Final

import pygit2

from burgee_compiler.trees import CommitTree, Entry, Tree
from burgee_compiler.writes import Changes

__all__ = ["Files", "differing"]

_PLAIN: Final = frozenset(
    {
        pygit2.enums.FileMode.UNREADABLE,  # not there on this side
        pygit2.enums.FileMode.BLOB,
        pygit2.enums.FileMode.BLOB_EXECUTABLE,
    }
)


class Files:
    """A flag repository as a commit, or one that is not made yet, holds it; implements Tree.

    Stamps are the ids that git gives to the bytes of files, so that whoever knows an id need not
    read the file.
    """

    def __init__(
        self, tree: Tree, entries: list[Entry], stamps: dict[str, bytes], changes: Changes
    ) -> None:
        self._tree = tree
        self._entries = entries
        self._stamps = stamps
        self._changes = changes

    @classmethod
    def of(cls, tree: CommitTree) -> Files:
        """List the files of a commit."""
        entries = tree.entries()
        return cls(tree, entries, dict(tree.stamps()), {})

    @classmethod
    def at(cls, tree: Tree) -> Files:
        """List the files of a tree that knows no ids; all of them are read."""
        entries = tree.entries()
        stamps = {each.path: blob_id(tree.read(each.path)) for each in entries if _is_file(each)}
        return cls(tree, entries, stamps, {})

    def entries(self) -> list[Entry]:
        """Return all below the root, sorted by path."""
        return self._entries

    def stamps(self) -> Mapping[str, bytes]:
        """Return git's ids by path."""
        return self._stamps

    def read(self, path: str) -> bytes:
        """Return a file's bytes; OSError where there is no such file."""
        if path in self._changes:
            data = self._changes[path]
            if data is None:
                raise FileNotFoundError(path)
            return data
        return self._tree.read(path)

    def blob(self, path: str) -> str | None:
        """Return git's id of a file, None where there is none."""
        found = self._stamps.get(path)
        return None if found is None else found.hex()

    def with_changes(self, changes: Changes) -> Files:
        """Return the files with these changes on top."""
        entries, stamps = list(self._entries), dict(self._stamps)
        gone = False
        for path, data in changes.items():
            _take_out(entries, path)
            stamps.pop(path, None)
            if data is None:
                gone = True
                continue
            insort(entries, Entry(path, "file", len(data)))
            stamps[path] = blob_id(data)
            _with_folders(entries, path)
        if gone:
            _without_empty_folders(entries, changes)
        return Files(self._tree, entries, stamps, {**self._changes, **changes})

    def settled(self, tree: CommitTree) -> Files:
        """Return the same files as those of a commit that holds them."""
        return Files(tree, self._entries, self._stamps, {})


def differing(before: CommitTree, after: CommitTree) -> Changes | None:
    """Return what differs between two commits, as changes of the first.

    None where only listing the second one anew tells what it holds: something came or went that is
    no plain file, or a file and a folder took each other's place.
    """
    changes: dict[str, bytes | None] = {}
    for delta in before.deltas(after):
        path = delta.new_file.path or delta.old_file.path
        if any(part.startswith(".") for part in path.split("/")):
            continue
        if not {delta.old_file.mode, delta.new_file.mode} <= _PLAIN:
            return None
        gone = delta.status == pygit2.enums.DeltaStatus.DELETED
        changes[path] = None if gone else after.read(path)
    return None if changes.keys() & set(_folders(changes)) else changes


def _folders(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        end = path.rfind("/")
        while end > 0:
            yield path[:end]
            end = path.rfind("/", 0, end)


def blob_id(data: bytes) -> bytes:
    """Return what git calls a file's bytes."""
    return sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).digest()


def _is_file(entry: Entry) -> bool:
    return entry.kind == "file"


def _take_out(entries: list[Entry], path: str) -> None:
    at = bisect_left(entries, path, key=lambda each: each.path)
    if at < len(entries) and entries[at].path == path:
        del entries[at]


def _with_folders(entries: list[Entry], path: str) -> None:
    parts = path.split("/")
    for end in range(1, len(parts)):
        folder = "/".join(parts[:end])
        at = bisect_left(entries, folder, key=lambda each: each.path)
        if at == len(entries) or entries[at].path != folder:
            entries.insert(at, Entry(folder, "folder"))


def _without_empty_folders(entries: list[Entry], changes: Changes) -> None:
    """Git keeps no empty folders."""
    for path in changes:
        parts = path.split("/")
        for end in range(len(parts) - 1, 0, -1):
            folder = "/".join(parts[:end])
            after = bisect_left(entries, f"{folder}/", key=lambda each: each.path)
            if after < len(entries) and entries[after].path.startswith(f"{folder}/"):
                break
            _take_out(entries, folder)
