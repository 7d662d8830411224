"""Keeping a repository small: every commit leaves loose objects, which git packs now and then."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from burgee_writer.git.program import run_git

__all__ = ["Upkeep"]

_EVERY: Final = 250
_TIMEOUT: Final = 600.0


class Upkeep:
    """Lets git judge, every so many commits, whether there is enough to pack; beside the writes."""

    def __init__(self, repository_path: Path, every: int = _EVERY) -> None:
        self._path = repository_path
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
        # --auto does nothing where there is little to do, or where the owner says gc.auto = 0.
        run_git(self._path, "gc", "--auto", "--quiet", timeout=_TIMEOUT)
