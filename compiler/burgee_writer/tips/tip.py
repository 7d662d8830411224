"""A commit as it was read and checked, and the next one, worked out from what differs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import pygit2

from burgee_compiler.build import check
from burgee_compiler.cache import open_memo
from burgee_compiler.cache.records import Built, Known
from burgee_compiler.cache.remembered import RememberedMemo, Store
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.load import ROOT_FILE, load_repository
from burgee_compiler.repository import Repository
from burgee_compiler.trees import CommitTree
from burgee_compiler.writes import Changes
from burgee_writer.tips.files import Files, differing
from burgee_writer.tips.users import Users, users_of

__all__ = ["Tip", "next_tip", "open_tip", "require_flags", "tree_of"]


class Tip:
    """The files of a flag repository, what they define, and what is wrong with them.

    It never changes. `commit` is None for one that no commit holds yet.
    """

    def __init__(self, commit: str | None, files: Files, memo: RememberedMemo) -> None:
        self.commit = commit
        self.files = files
        self.repository: Repository = load_repository(files, memo)
        self.found: list[Diagnostic] = check(self.repository)
        self._memo = memo

    def with_changes(self, changes: Changes, commit: str | None = None) -> Tip:
        """Return what these changes make of it; only what they touch is read and checked."""
        return Tip(
            commit, self.files.with_changes(changes), RememberedMemo(_Learnt(self._memo.known()))
        )

    def listed_anew(self, tree: CommitTree, commit: str) -> Tip:
        """Return the tip at another commit, all its files listed; what is known is not read."""
        return Tip(commit, Files.of(tree), RememberedMemo(_Learnt(self._memo.known())))

    def settled(self, commit: str, tree: CommitTree) -> Tip:
        """Return the same as the commit that was made of it."""
        made = object.__new__(Tip)
        made.__dict__.update(self.__dict__)
        made.commit, made.files = commit, self.files.settled(tree)
        return made

    @cached_property
    def users(self) -> Mapping[str, Users]:
        """Who names whom, by tenant."""
        repository = self.repository
        return {name: users_of(repository, each) for name, each in repository.tenants.items()}

    def remember(self) -> None:
        """Keep what was learnt for the next start, where it was opened with a cache."""
        self._memo.save()


def require_flags(root: Path, commit: str, folder: str) -> None:
    """Raise ValueError where no flag repository is in that folder of a commit."""
    path = f"{folder}/{ROOT_FILE}" if folder else ROOT_FILE
    if path not in pygit2.Repository(str(root))[commit].peel(pygit2.Tree):
        raise ValueError(
            f"commit {commit[:7]} has no {path}: name the flag repository's folder with --folder, "
            "or make one with `burgee init` and commit it"
        )


def open_tip(root: Path, commit: str, folder: str) -> Tip:
    """Read a commit for the first time; what an earlier run knew is not read again.

    `root` is the git repository; `folder` is where the flag repository lies in it, empty for all.
    """
    tree = tree_of(root, commit, folder)
    memo = open_memo(root / folder, "commit")
    tip = Tip(commit, Files.of(tree), memo)
    tip.remember()
    return tip


def tree_of(root: Path, commit: str, folder: str) -> CommitTree:
    """Return the flag repository as a commit of the git repository at `root` holds it."""
    repository = pygit2.Repository(str(root))
    tree = repository[commit].peel(pygit2.Tree)
    if folder:
        tree = tree[folder].peel(pygit2.Tree)
    return CommitTree(repository, tree)


def next_tip(tip: Tip, root: Path, commit: str, folder: str) -> Tip:
    """Return the tip at another commit, as `open_tip` would; only what differs is read.

    KeyError where the commit has no such folder.
    """
    after = tree_of(root, commit, folder)
    changes = _since(tip, root, folder, after)
    if changes is None:
        return tip.listed_anew(after, commit)
    return tip.with_changes(changes, commit).settled(commit, after)


def _since(tip: Tip, root: Path, folder: str, after: CommitTree) -> Changes | None:
    """Return what differs from a tip, None where that cannot be told."""
    assert tip.commit is not None
    try:
        return differing(tree_of(root, tip.commit, folder), after)
    except (KeyError, ValueError, OSError, pygit2.GitError):  # pruned, once nobody led to it
        return None


class _Learnt(Store):
    """What another tip knows of the files."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def known(self) -> Known | None:
        return self._known

    def built(self, tenant: str) -> Built | None:
        return None

    def keep(self, known: Known | None, built: Mapping[str, Built]) -> None:
        pass
