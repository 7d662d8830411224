"""A few files of a tree, as a tree of their own."""

from __future__ import annotations

from collections.abc import Iterable

from burgee_compiler.trees import Entry, Tree

__all__ = ["Some"]


class Some:
    """Those of these files that are there; implements Tree without listing the others."""

    def __init__(self, tree: Tree, paths: Iterable[str]) -> None:
        self._found = {path: data for path in paths if (data := _bytes(tree, path)) is not None}

    def entries(self) -> list[Entry]:
        """Return the files, and the folders that they lie in."""
        folders = {
            "/".join(parts[:end])
            for parts in (path.split("/") for path in self._found)
            for end in range(1, len(parts))
        }
        files = [Entry(path, "file", len(data)) for path, data in self._found.items()]
        return sorted([*files, *(Entry(each, "folder") for each in folders)])

    def read(self, path: str) -> bytes:
        """Return a file's bytes; OSError where there is no such file."""
        if path not in self._found:
            raise FileNotFoundError(path)
        return self._found[path]


def _bytes(tree: Tree, path: str) -> bytes | None:
    try:
        return tree.read(path)
    except OSError:
        return None
