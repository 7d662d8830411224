"""The newest tip of the branch, kept up with whoever commits."""

from __future__ import annotations

from threading import Lock
from time import perf_counter

from burgee_writer.git.branch import Branch
from burgee_writer.tips.tip import Tip, next_tip, open_tip

__all__ = ["Current"]


class Current:
    """Holds the tip that was read last; what differs is read when the branch has moved."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._lock = Lock()
        self._tip = open_tip(branch.repository_path, branch.tip(), branch.inside)
        self.reading_seconds = 0.0

    def newest(self) -> Tip:
        """Return the branch's tip as it is now, as far as is known here."""
        with self._lock:
            commit = self._branch.tip()
            if commit != self._tip.commit:
                began = perf_counter()
                branch = self._branch
                self._tip = next_tip(self._tip, branch.repository_path, commit, branch.inside)
                self.reading_seconds += perf_counter() - began
            return self._tip

    def take(self, tip: Tip) -> None:
        """Take the tip that was just committed, which need not be read again."""
        with self._lock:
            self._tip = tip
