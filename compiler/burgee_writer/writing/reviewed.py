"""What was reviewed last: the form that a chain of small direct writes is measured against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pygit2

from burgee_compiler.layout import ROOT_FILE
from burgee_compiler.load import load_repository
from burgee_compiler.plan.compare import Revision
from burgee_compiler.plan.scope import built_from
from burgee_compiler.repository import Repository
from burgee_compiler.trees import CommitTree
from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.tips.some import Some
from burgee_writer.tips.tip import tree_of
from burgee_writer.tips.users import Names

__all__ = ["Reviewed"]

_MOST: Final = 100_000


class Reviewed:
    """Finds the newest first parent that no writer made, and reads of it what is asked."""

    def __init__(self, root: Path, folder: str, keys: CommitKeys) -> None:
        self._root = root
        self._folder = folder
        self._keys = keys
        self._known: dict[str, str] = {}

    def signed(self, commit: pygit2.Commit) -> bool:
        """Return whether a writer made a commit."""
        return self._keys.signed(commit)

    def commit(self, tip: str) -> str:
        """Return the newest commit, from a tip back, that no writer signed."""
        repository = pygit2.Repository(str(self._root))
        passed: list[str] = []
        found = tip
        while found not in self._known and len(passed) < _MOST:
            commit = repository[found].peel(pygit2.Commit)
            if not commit.parent_ids or not self._keys.signed(commit):
                break
            passed.append(found)
            found = str(commit.parent_ids[0])
        found = self._known.get(found, found)
        self._known = dict.fromkeys((*passed[:1], found), found)
        return found

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file as a commit has it, None where it has none."""
        try:
            return tree_of(self._root, commit, self._folder).read(path)
        except (KeyError, OSError):
            return None

    def revision(self, commit: str, names: dict[str, Names]) -> Revision:
        """Return a side of a plan that holds these definitions as a commit has them."""
        tree = tree_of(self._root, commit, self._folder)
        repository = _read(tree, names)
        return Revision(commit[:7], repository)


def _read(tree: CommitTree, names: dict[str, Names]) -> Repository:
    """Read definitions and all that they are built from."""
    wanted = {ROOT_FILE}
    for tenant, each in names.items():
        wanted |= {f"{tenant}/{name}" for name in ("layers.yaml", "attributes.yaml")}
        wanted |= set(_paths(tenant, each))
    while True:
        repository = load_repository(Some(tree, wanted))
        more = set(built_from(repository))
        if more <= wanted:
            return repository
        wanted |= more


def _paths(tenant: str, names: Names) -> Iterator[str]:
    for key in names.flags:
        stem = f"{tenant}/flags/{key.replace('.', '/')}"
        yield from (f"{stem}.yaml", f"{stem}.lock.yaml")
    for name in names.segments:
        yield f"{tenant}/segments/{name.replace('.', '/')}.yaml"
