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
        self._root = trees.root(commit)
        self.bytes_read = 0
        """How much of what the commit changed was read so far."""

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
        return b"" if is_list(path) else self._trees.blob(self._root, path)

    def _blob(self, name: str | None) -> bytes | None:
        data = None if name is None else self._trees.data(bytes.fromhex(name))
        self.bytes_read += len(data or b"")
        return data
