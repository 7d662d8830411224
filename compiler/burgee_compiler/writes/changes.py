"""Changes of a tree: new bytes by path. What a write works on, with no work tree needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from burgee_compiler.edit import Edit, Refused, Unreadable, apply_edits
from burgee_compiler.source import Node, read_yaml
from burgee_compiler.trees import Entry, Tree
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["Changes", "Overlaid", "Writing", "lock_of"]

Changes: TypeAlias = Mapping[str, bytes | None]
"""The bytes of each changed file by path, None for one that goes."""


class Overlaid:
    """A tree with changes laid over it; implements Tree."""

    def __init__(self, tree: Tree, changes: Changes) -> None:
        self._tree = tree
        self._changes = dict(changes)

    def entries(self) -> list[Entry]:
        found = {
            entry.path: entry
            for entry in self._tree.entries()
            if entry.path not in self._changes or self._changes[entry.path] is not None
        }
        for path, data in self._changes.items():
            if data is None:
                continue
            found[path] = Entry(path, "file", len(data))
            parts = path.split("/")
            for end in range(1, len(parts)):
                folder = "/".join(parts[:end])
                found.setdefault(folder, Entry(folder, "folder"))
        return sorted(found.values())

    def read(self, path: str) -> bytes:
        if path in self._changes:
            data = self._changes[path]
            if data is None:
                raise FileNotFoundError(path)
            return data
        return self._tree.read(path)


class Writing:
    """Gathers the changes of one write; each file is read as the changes so far have left it."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.changes: dict[str, bytes | None] = {}

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None where there is no such file."""
        if path in self.changes:
            return self.changes[path]
        try:
            return self._tree.read(path)
        except OSError:
            return None

    def node(self, path: str) -> Node:
        """Return the plain tree of a YAML file."""
        data = self.read(path)
        if data is None:
            raise WriteRefusedError(f"there is no {path}", "look at the names of the files")
        node, _ = read_yaml(data, path)
        if node is None:
            raise WriteRefusedError(f"{path} does not read", f"`burgee check {path}` says why")
        return node

    def edit(self, path: str, edits: Iterable[Edit]) -> None:
        """Make edits in a YAML file."""
        data = self.read(path)
        if data is None:
            raise WriteRefusedError(f"there is no {path}", "look at the names of the files")
        self.put(path, _made(apply_edits(data, edits, path), path))

    def put(self, path: str, data: bytes | Refused | None) -> None:
        """Make a file hold these bytes, or be gone."""
        made = data if data is None or isinstance(data, bytes) else _made(data, path)
        self.changes.pop(path, None)
        if made != self.read(path):
            self.changes[path] = made

    def move(self, path: str, to: str) -> None:
        """Give a file another path."""
        data = self.read(path)
        if data is not None:
            self.put(to, data)
            self.put(path, None)


def lock_of(flag_path: str) -> str:
    """Return the path of the lock that belongs to a flag's file."""
    return flag_path.removesuffix(".yaml") + ".lock.yaml"


def _made(made: bytes | Refused, path: str) -> bytes:
    if isinstance(made, bytes):
        return made
    if isinstance(made, Unreadable):
        raise WriteRefusedError(f"{path} does not read", f"`burgee check {path}` says why", made)
    where = ".".join(map(str, made.path))
    place = f"{path}, {where}" if where else path
    raise WriteRefusedError(f"{place}: {made.message}", made.help, made)
