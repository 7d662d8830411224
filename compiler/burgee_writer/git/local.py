"""A branch of a repository on this machine: moved in place, by compare-and-swap."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pygit2
import structlog

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
from burgee_writer.git.intents import Intents
from burgee_writer.git.lock_files import LockFiles
from burgee_writer.git.objects import write_commit
from burgee_writer.git.references import move_reference, read_reference
from burgee_writer.git.ssh_signatures import CommitKey
from burgee_writer.git.upkeep import Upkeep
from burgee_writer.git.work_tree import Dirty, IndexLocked, WorkTree, work_trees_of

__all__ = ["LocalBranch"]

_log = structlog.get_logger("burgee.writer")


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
    ) -> None:
        super().__init__(repository_path, name, inside)
        self._key = key
        self._committer = committer
        self._locks = LockFiles(state_dir / "locks")
        self._intents = Intents(state_dir / "intents", repository_path, self._locks)
        self._upkeep = Upkeep(repository_path)
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
        trees = work_trees_of(repository, self.reference)
        if not trees:
            return self._move(self.reference, parent, commit)
        try:
            self._intents.settle()
            return self._with_work_trees(repository, trees, parent, commit)
        except Dirty as error:
            if self.tip() != parent:
                return Moved(self.tip())  # the files have followed another commit already
            return Refused(
                "worktree_dirty",
                f"{error.path} is not as the last commit has it, where {self.name} is checked out",
                f"commit or stash it there (`git status` shows it): {trees[0].root}",
            )
        except IndexLocked as error:
            return Refused(
                "index_locked",
                f"git's index is locked: {error}",
                "wait for the git command that runs there; if none does, remove that file",
            )
        except (OSError, pygit2.GitError) as error:
            raise Unreachable(f"the repository cannot be written to: {error}") from error

    def _with_work_trees(
        self, repository: pygit2.Repository, trees: list[WorkTree], parent: str, commit: str
    ) -> Published:
        before, after = (repository[each].peel(pygit2.Tree) for each in (parent, commit))
        deltas = before.diff_to_tree(after, context_lines=0).deltas
        paths = tuple(sorted({each.old_file.path for each in deltas}))
        published: Published | None = None
        try:
            with ExitStack() as stack:
                for tree in trees:
                    stack.enter_context(tree.locked(self._locks))
                if self.tip() != parent:
                    return Moved(self.tip())
                for tree in trees:
                    tree.require_clean(paths, before)
                for tree in trees:
                    intent = self._intents.of(tree, self.reference, parent, commit, paths)
                    stack.enter_context(intent)
                published = self._move(self.reference, parent, commit)
                if isinstance(published, Done):
                    for tree in trees:
                        tree.follow(paths, after)
        except (OSError, pygit2.GitError) as error:
            if not isinstance(published, Done):
                raise
            # The intent stays, so that the files follow before the next write.
            _log.warning("files could not follow a commit", commit=commit, reason=str(error))
        return published

    def publish_beside(self, name: str, commit: str) -> Published:
        return self._move(f"refs/heads/{name}", None, commit)

    def read_beside(self, name: str) -> str | None:
        return read_reference(self.repository_path, f"refs/heads/{name}")

    def _move(self, reference: str, old: str | None, new: str) -> Published:
        return move_reference(self.repository_path, reference, old, new, self._locks)

    def _repository(self) -> pygit2.Repository:
        return pygit2.Repository(str(self.repository_path))
