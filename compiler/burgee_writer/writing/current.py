"""The newest tip of the branch, kept up with whoever commits."""

from __future__ import annotations

from threading import Lock
from time import perf_counter

import pygit2

from burgee_writer.git.branch import Branch, Unreachable
from burgee_writer.tips.tip import Tip, next_tip, open_tip, require_flags

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
        place = branch.repository_path, commit, branch.inside
        try:
            made = next_tip(self._tip, *place)
        except (KeyError, ValueError, OSError, pygit2.GitError) as error:
            # It went away, lacks objects, or a push has taken the folder away.
            where = f"no folder {branch.inside}, or " if branch.inside else ""
            raise Unreachable(
                f"commit {commit[:7]} has {where}objects that are not there"
            ) from error
        if not made.repository.tenants:  # with tenants, each write is told that settings are gone
            try:
                require_flags(*place)
            except ValueError as error:
                raise Unreachable(str(error)) from error
        return made

    def take(self, tip: Tip) -> None:
        """Take the tip that was just committed, which need not be read again."""
        with self._lock:
            self._tip = tip
