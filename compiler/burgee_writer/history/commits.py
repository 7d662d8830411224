"""A commit as the index keeps it, read from git."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pygit2

from burgee.instants import MICROSECONDS
from burgee_compiler.layout import TENANT_FILES, TENANT_FOLDERS
from burgee_compiler.past.steps import Step, decoded_text, had_parent
from burgee_compiler.trees import UnknownRevision
from burgee_writer.git.message import read_message
from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.history.merging import made_by_hand
from burgee_writer.history.records import Record, Touched
from burgee_writer.history.resources import resources, tenant_folders
from burgee_writer.history.trees import Side, TreeReader, differences, parts, text_of

__all__ = ["CommitReader", "commit_at", "known_commit"]

_LAST: Final = 253_402_300_799
"""The last second of the year 9999."""


class CommitReader:
    """Reads commits of one repository; for one thread."""

    def __init__(self, repository: pygit2.Repository, inside: str, keys: CommitKeys) -> None:
        self._repository = repository
        self._trees = TreeReader(repository, inside)
        self._keys = keys

    def record(self, name: str) -> Record | None:
        """Return a commit's record, None where it is not there, as in a shallow clone."""
        commit = commit_at(self._repository, name)
        if commit is None:
            return None
        is_edge = self._is_edge(commit)
        tenants, touched = ((), ()) if is_edge else self._touched(commit)
        text = decoded_text(commit, commit.raw_message)
        return Record(
            name,
            tuple(str(each) for each in commit.parent_ids),
            min(max(commit.commit_time, 0), _LAST) * MICROSECONDS,
            decoded_text(commit, commit.author.raw_name),
            decoded_text(commit, commit.author.raw_email),
            touched,
            tenants,
            read_message(text) if self._keys.signed(commit) else None,
            is_edge,
        )

    def has_parents(self, name: str) -> bool:
        """Return whether a commit is there, and all of its parents are."""
        commit = commit_at(self._repository, name)
        return commit is not None and not self._is_edge(commit)

    def _is_edge(self, commit: pygit2.Commit) -> bool:
        parents = [commit_at(self._repository, str(each)) for each in commit.parent_ids]
        return None in parents or (not parents and had_parent(commit))

    def _touched(self, commit: pygit2.Commit) -> tuple[tuple[str, ...], tuple[Touched, ...]]:
        after = self._trees.root(commit)
        if len(commit.parent_ids) > 1:
            before = self._trees.root(commit.parents[0])
            changes = list(made_by_hand(self._trees, commit))
        else:
            before = self._trees.root(commit.parents[0]) if commit.parent_ids else None
            changes = list(differences(self._trees, before, after))
        if not changes:
            return (), ()
        sides = (before, after)
        tenants = tenant_folders(changes, lambda name: self._is_tenant(name, sides))

        def siblings(folder: str) -> Iterator[tuple[str, bytes]]:
            return self._definitions(folder, sides)

        def step() -> Step:
            return Step(commit, (self._tree(before), self._tree(after)))

        if len(commit.parent_ids) < 2:
            return tenants, resources(changes, tenants, siblings, step)
        touched = resources(changes, tenants, siblings, None)
        brought = [
            each
            for parent in commit.parents
            for each in differences(self._trees, self._trees.root(parent), after)
        ]
        return tenant_folders(brought, lambda name: self._is_tenant(name, sides)), touched

    def _is_tenant(self, name: str, sides: tuple[Side, Side]) -> bool:
        for side in sides:
            _, folder = parts(self._trees.entries(side).get(name.encode()))
            inside = self._trees.entries(folder)
            if any(each.encode() in inside for each in (*TENANT_FILES, *TENANT_FOLDERS)):
                return True
        return False

    def _definitions(self, folder: str, sides: tuple[Side, Side]) -> Iterator[tuple[str, bytes]]:
        seen: set[bytes] = set()
        for side in sides:
            tree = side
            for name in folder.split("/"):
                _, tree = parts(self._trees.entries(tree).get(name.encode()))
            for raw, item in self._trees.entries(tree).items():
                blob, _ = parts(item)
                if blob is None or blob in seen or not raw.endswith(b".yaml"):
                    continue
                seen.add(blob)
                data = self._trees.data(blob)
                if data is not None:
                    yield f"{folder}/{text_of(raw)}", data

    def _tree(self, side: Side) -> pygit2.Tree | None:
        if side is None:
            return None
        return self._repository[pygit2.Oid(raw=side)].peel(pygit2.Tree)


def commit_at(repository: pygit2.Repository, name: str) -> pygit2.Commit | None:
    """Return a commit by its whole name, None where there is none."""
    try:
        found: object = repository.get(pygit2.Oid(hex=name))
    except ValueError:
        return None
    return found if isinstance(found, pygit2.Commit) else None


def known_commit(repository: pygit2.Repository, name: str) -> pygit2.Commit:
    """Return a commit that was there; UnknownRevision where it was rewritten and is gone."""
    found = commit_at(repository, name)
    if found is None:
        raise UnknownRevision(f"commit {name} is gone")
    return found
