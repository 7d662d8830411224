"""Keeping a repository small: every commit leaves loose objects, which git packs now and then.

At 10,000 flags in a folder a commit leaves 270 kB, nearly all of it the list of their names; packed
that is a twentieth. `git gc --auto` alone would wait for some 400 MB.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from burgee_compiler.git_program import run_git
from burgee_writer.git.lock_files import LockFiles

__all__ = ["Upkeep"]

_EVERY: Final = 100
_TIMEOUT: Final = 600.0
_TASKS: Final = ("--task=loose-objects", "--task=gc")
# The second run takes away what the first has packed.
_RUNS: Final = 2
# What is being written is in no branch yet: an owner who has `git gc` take such things away at once
# would lose the writes of that moment.
_CONFIG: Final = (
    ("gc.autoDetach", "false"),
    ("maintenance.autoDetach", "false"),
    ("gc.pruneExpire", "2.weeks.ago"),
)


class Upkeep:
    """Lets git judge, every so many commits, whether there is enough to pack; beside the writes."""

    def __init__(self, repository_path: Path, locks: LockFiles, every: int = _EVERY) -> None:
        self._path = repository_path
        self._locks = locks
        self._every = every
        self._count = 0
        self._running: threading.Thread | None = None

    def committed(self) -> None:
        """Count a commit."""
        self._count += 1
        if self._count < self._every or (self._running and self._running.is_alive()):
            return
        self._count = 0
        self._running = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._running.start()

    def wait(self, seconds: float) -> None:
        """Wait for what runs, no longer than that."""
        if self._running is not None:
            self._running.join(seconds)

    def _run(self) -> None:
        if run_git(self._path, "config", "--get", "gc.auto", timeout=_TIMEOUT).out.strip() == "0":
            return  # the owner sees to it
        lock = self._path / "objects/maintenance.lock"  # by which git never does this twice at once
        self._locks.remove_if_left(lock)
        for _ in range(_RUNS):
            with self._locks.owned((lock,)):
                run_git(
                    self._path,
                    *("maintenance", "run", "--auto", "--quiet", *_TASKS),
                    timeout=_TIMEOUT,
                    config=_CONFIG,
                )
