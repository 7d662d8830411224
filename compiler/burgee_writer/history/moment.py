"""The files of one commit, and those that it changed as they were before it."""

from __future__ import annotations

from collections.abc import Iterable

import pygit2

from burgee_writer.history.merging import automerged
from burgee_writer.history.records import Change, Touched
from burgee_writer.history.resources import is_list
from burgee_writer.history.trees import TreeReader

__all__ = ["Moment"]


class Moment:
    """Reads of a commit; lists of ids that it did not change are not read but taken for empty.

    They would be the same before and after, and may be large.
    """

    def __init__(
        self, trees: TreeReader, commit: pygit2.Commit, touched: Iterable[Touched]
    ) -> None:
        self._trees = trees
        self._commit = commit
        self._changed: dict[str, Change] = {
            change.path: change for each in touched for change in each.changes
        }
        root = trees.root(commit)
        self._tree = None if root is None else trees.repository[pygit2.Oid(raw=root)]

    def after(self, path: str) -> bytes | None:
        """Return a file as it is since the commit, None where there is none."""
        change = self._changed.get(path)
        return self._unchanged(path) if change is None else self._blob(change.after)

    def before(self, path: str) -> bytes | None:
        """Return a file as it was before the commit, None where there was none."""
        change = self._changed.get(path)
        if change is None:
            return self._unchanged(path)
        merged = automerged(self._trees, self._commit, path) if change.merged else None
        return self._blob(change.before) if merged is None else merged

    def _unchanged(self, path: str) -> bytes | None:
        if is_list(path):
            return b""
        if not isinstance(self._tree, pygit2.Tree):
            return None
        try:
            found = self._tree[path]
        except KeyError:
            return None
        return found.data if isinstance(found, pygit2.Blob) else None

    def _blob(self, name: str | None) -> bytes | None:
        found = None if name is None else self._trees.repository.get(pygit2.Oid(hex=name))
        return found.data if isinstance(found, pygit2.Blob) else None
