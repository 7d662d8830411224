"""Which files two trees differ in, found by comparing folders as git keeps them.

A folder that is the same on both sides is not looked into, and one that was read is remembered for
the next commit, since that is the one before it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

import pygit2

from burgee_writer.history.records import Change

__all__ = ["EMPTY", "Side", "TreeReader", "differences", "hex_of", "parts", "text_of"]

Side: TypeAlias = "bytes | None"
"""A blob's or a tree's name, None where there is none."""
Item: TypeAlias = tuple[bytes, bytes]
EMPTY: Final[Mapping[bytes, Item]] = {}
_FOLDER: Final = b"40000"
_KEPT: Final = 200_000
"""How many names are remembered, of all folders together."""
_SMALL: Final = 16 * 1024
_MOST_SMALL: Final = 1_000
"""So many small files are remembered: those that many flags use are read for each entry."""
_ENTRY: Final = {
    length: re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % length, re.DOTALL) for length in (20, 32)
}


class TreeReader:
    """Folders of one repository by their names, each as mode and name of what is in it."""

    def __init__(self, repository: pygit2.Repository, inside: str) -> None:
        self.repository = repository
        self._inside = [part.encode() for part in inside.split("/") if part]
        self._kept: OrderedDict[bytes, dict[bytes, Item]] = OrderedDict()
        self._names = 0
        self._small: dict[bytes, bytes] = {}

    def entries(self, tree: Side) -> Mapping[bytes, Item]:
        """Return what is in a folder, by name."""
        if tree is None:
            return EMPTY
        found = self._kept.get(tree)
        if found is None:
            found = self._kept[tree] = self._read(tree)
            self._names += len(found)
            while self._names > _KEPT and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._names -= len(oldest)
        else:
            self._kept.move_to_end(tree)
        return found

    def root(self, commit: pygit2.Commit) -> Side:
        """Return the flag repository's folder in a commit."""
        tree: Side = commit.tree_id.raw
        for name in self._inside:
            _, tree = parts(self.entries(tree).get(name))
        return tree

    def blob(self, tree: Side, path: str) -> bytes | None:
        """Return a file's bytes, None where there is no such file."""
        *folders, name = path.encode().split(b"/")
        for folder in folders:
            _, tree = parts(self.entries(tree).get(folder))
        file, _ = parts(self.entries(tree).get(name))
        return self.data(file)

    def data(self, blob: Side) -> bytes | None:
        """Return a blob's bytes, None where there is none: a submodule's is elsewhere."""
        if blob is None:
            return None
        if blob in self._small:
            return self._small[blob]
        found = self.repository.get(pygit2.Oid(raw=blob))
        data = found.data if isinstance(found, pygit2.Blob) else None
        if data is not None and len(data) <= _SMALL:
            if len(self._small) >= _MOST_SMALL:
                self._small.clear()
            self._small[blob] = data
        return data

    def place(self, path: str) -> str:
        """Return where a file of the flag repository stands in the whole one."""
        return "/".join([*(part.decode() for part in self._inside), path])

    def _read(self, tree: bytes) -> dict[bytes, Item]:
        _, data = self.repository.read(pygit2.Oid(raw=tree))
        found = _ENTRY[len(tree)].findall(data)
        return {name: (mode, target) for mode, name, target in found}


def parts(item: Item | None) -> tuple[Side, Side]:
    """Return the blob and the tree that stand under a name: one of them, or neither."""
    if item is None:
        return None, None
    return (None, item[1]) if item[0].lstrip(b"0") == _FOLDER else (item[1], None)


def text_of(name: bytes) -> str:
    """Return a file's name as text, whatever its bytes are."""
    return name.decode("utf-8", "backslashreplace")


def differences(trees: TreeReader, before: Side, after: Side, prefix: str = "") -> Iterator[Change]:
    """Yield the files that are not the same in two folders, and the files below them."""
    if before == after:
        return
    old, new = trees.entries(before), trees.entries(after)
    for raw in sorted({name for name, _ in old.items() ^ new.items()}):
        path = prefix + text_of(raw)
        (was, was_tree), (now, now_tree) = parts(old.get(raw)), parts(new.get(raw))
        if was is not None or now is not None:
            yield Change(path, hex_of(was), hex_of(now))
        yield from differences(trees, was_tree, now_tree, path + "/")


def hex_of(side: Side) -> str | None:
    """Return a name as git shows it."""
    return None if side is None else side.hex()
