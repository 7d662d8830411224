"""A branch of a repository on this machine: moved in place, by compare-and-swap."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Final

import pygit2

from burgee_writer.git.branch import (
    Author,
    Branch,
    BranchMissing,
    Done,
    Draft,
    Moved,
    Published,
    Refused,
    Unreachable,
)
from burgee_writer.git.checkouts import work_trees_of
from burgee_writer.git.intents import Intents
from burgee_writer.git.lock_files import LockFiles, StillLocked
from burgee_writer.git.message import one_line
from burgee_writer.git.objects import write_commit
from burgee_writer.git.references import move_reference, read_reference
from burgee_writer.git.ssh_signatures import CommitKey
from burgee_writer.git.upkeep import Upkeep
from burgee_writer.git.work_tree import Dirty, WorkTree

__all__ = ["LocalBranch"]

_LINGER: Final = 0.03
"""For how long at least the new index stays locked: `git commit` reads an index before it locks it,
and then writes the old one back. Who has read the old one finds it locked, and gives up."""


class LocalBranch(Branch):
    """Work trees in which the branch is checked out follow what is written."""

    def __init__(
        self,
        repository_path: Path,
        name: str,
        inside: str,
        *,
        state_dir: Path,
        key: CommitKey,
        committer: Author,
        root: Path | None = None,
    ) -> None:
        super().__init__(repository_path, name, inside)
        self._root = root
        self._one = Lock()
        self._key = key
        self._committer = committer
        self._locks = LockFiles(state_dir / "locks")
        self._intents = Intents(state_dir / "intents", repository_path, self._locks)
        self._upkeep = Upkeep(repository_path, self._locks)
        self.tip()
        self._intents.settle()

    def tip(self) -> str:
        found = read_reference(self.repository_path, self.reference)
        if found is None:
            raise BranchMissing(
                f"{self.repository_path} has no branch {self.name} with a commit; "
                "commit something, or name another one with --branch"
            )
        return found

    def refresh(self) -> str:
        return self.tip()

    def commit(self, parent: str, draft: Draft) -> str:
        made = write_commit(
            self._repository(), parent, self.inside, draft, self._committer, self._key
        )
        self._upkeep.committed()
        return made

    def publish(self, parent: str, commit: str) -> Published:
        repository = self._repository()
        trees = work_trees_of(repository, self.reference, self._root)
        if not trees:
            return self._move(self.reference, parent, commit)
        with self._one:
            try:
                self._intents.settle()
                return self._with_work_trees(repository, trees, parent, commit)
            except Dirty as error:
                if self.tip() != parent:
                    return Moved(self.tip())  # the files have followed another commit already
                return _dirty(error, self.name)
            except StillLocked as error:
                return Refused(
                    "index_locked",
                    f"git's index is locked: {error}",
                    "wait for the git command that runs there; if none does, remove that file",
                )
            except (OSError, pygit2.GitError) as error:  # what has begun is left to `settle`
                raise Unreachable(f"the repository cannot be written to: {error}") from error

    def _with_work_trees(
        self, repository: pygit2.Repository, trees: list[WorkTree], parent: str, commit: str
    ) -> Published:
        before, after = (repository[each].peel(pygit2.Tree) for each in (parent, commit))
        deltas = before.diff_to_tree(after, context_lines=0).deltas
        paths = tuple(sorted({each.old_file.path for each in deltas}))
        with ExitStack() as stack:
            try:
                for tree in trees:
                    stack.enter_context(tree.locked(self._locks))
                if self.tip() != parent:
                    return Moved(self.tip())
                for tree in trees:
                    tree.require_clean(paths, before)
            except (OSError, pygit2.GitError) as error:
                return _unusable(error, self.name)
            return self._followed(trees, (parent, commit), paths, (before, after))

    def _followed(
        self,
        trees: list[WorkTree],
        commits: tuple[str, str],
        paths: tuple[str, ...],
        contents: tuple[pygit2.Tree, pygit2.Tree],
    ) -> Published:
        """Move the branch, index and files with it; what is cut short is left to `settle`."""
        name = commits[1][:16]
        with ExitStack() as stack:
            for tree in trees:
                stack.enter_context(self._intents.of(tree, self.reference, *commits, paths))
            try:
                made = [(tree, tree.prepare(paths, contents[1], name)) for tree in trees]
            except (OSError, pygit2.GitError) as error:
                for tree in trees:
                    tree.discard(paths, name)
                return _unusable(error, self.name)
            for tree, prepared in made:
                tree.swap_index(prepared)
            until = monotonic() + _LINGER
            published = self._move(self.reference, *commits)
            if not isinstance(published, Done):
                for tree in trees:
                    tree.restore_index(paths, contents[0], name)
                    tree.discard(paths, name)
                return published
            try:
                for tree, prepared in made:
                    tree.swap_files(prepared)
            except OSError:  # the commit stands; the intent stays, and is looked at again
                stack.pop_all()
            sleep(max(0.0, until - monotonic()))
        return published

    def publish_beside(self, name: str, commit: str) -> Published:
        return self._move(f"refs/heads/{name}", None, commit)

    def read_beside(self, name: str) -> str | None:
        return read_reference(self.repository_path, f"refs/heads/{name}")

    def _move(self, reference: str, old: str | None, new: str) -> Published:
        return move_reference(self.repository_path, reference, old, new, self._locks)

    def _repository(self) -> pygit2.Repository:
        return pygit2.Repository(str(self.repository_path))


def _dirty(error: Dirty, name: str) -> Refused:
    return Refused(
        "worktree_dirty",
        f"{error.path} is not as the last commit has it, where {name} is checked out",
        f"commit or stash it there (`git status` shows it): {error.root}",
    )


def _unusable(error: Exception, name: str) -> Refused:
    why = getattr(error, "strerror", None) or str(error)
    return Refused(
        "worktree_dirty",
        f"the work tree where {name} is checked out cannot follow: {one_line(why)}",
        "mend that, or give the writer a bare clone of the repository",
    )
