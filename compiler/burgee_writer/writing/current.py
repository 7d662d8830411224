"""The newest tip of the branch, kept up with whoever commits."""

from __future__ import annotations

from threading import Lock
from time import perf_counter

import pygit2

from burgee_writer.git.branch import Branch, Unreachable
from burgee_writer.tips.tip import NoFlags, Tip, next_tip, open_tip, require_flags

__all__ = ["Current"]


class Current:
    """Holds the tip that was read last; what differs is read when the branch has moved."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._lock = Lock()
        self._tip = open_tip(branch.repository_path, branch.tip(), branch.inside)
        self.reading_seconds = 0.0

    @property
    def last(self) -> Tip:
        """The tip that was read last, whatever has become of the branch."""
        return self._tip

    def newest(self) -> Tip:
        """Return the branch's tip as it is now, as far as is known here.

        Raises Unreachable where the branch holds no flag repository any more, or cannot be read.
        """
        with self._lock:
            commit = self._branch.tip()
            if commit != self._tip.commit:
                began = perf_counter()
                self._tip = self._next(commit)
                self.reading_seconds += perf_counter() - began
            return self._tip

    def _next(self, commit: str) -> Tip:
        branch = self._branch
        try:
            require_flags(branch.repository_path, commit, branch.inside)
            return next_tip(self._tip, branch.repository_path, commit, branch.inside)
        except NoFlags as error:
            raise Unreachable(str(error)) from error
        except (KeyError, OSError, pygit2.GitError) as error:  # it went away, or lacks objects
            raise Unreachable(f"commit {commit[:7]} cannot be read: {error}") from error

    def take(self, tip: Tip) -> None:
        """Take the tip that was just committed, which need not be read again."""
        with self._lock:
            self._tip = tip
