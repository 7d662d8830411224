"""Shows on a terminal how far a run has come, if it takes long; quiet in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from burgee_compiler.progress import listening

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["shown_progress"]

_AFTER: Final = 0.5
"""Seconds before anything is shown: most runs are over by then."""
_BETWEEN: Final = 0.1


@contextmanager
def shown_progress() -> Iterator[None]:
    """Show progress of what is done in the block on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    shown = _Shown()
    try:
        with listening(shown.tell):
            yield
    finally:
        shown.stop()


class _Shown:
    def __init__(self) -> None:
        self._next = time.monotonic() + _AFTER
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def tell(self, what: str, done: int, total: int) -> None:
        """Take note of progress, and draw it now and then."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _BETWEEN
        bars = self._begun()
        if what not in self._tasks:
            for task in self._tasks.values():
                bars.remove_task(task)
            self._tasks = {what: bars.add_task(what, total=total)}
        bars.update(self._tasks[what], completed=done, total=total)
        bars.refresh()

    def _begun(self) -> Progress:
        if self._bars is None:
            from rich.console import Console  # noqa: PLC0415  50 ms that a short run saves
            from rich.progress import Progress  # noqa: PLC0415

            # Drawn from here, not from a thread: what has threads cannot be forked.
            self._bars = Progress(console=Console(stderr=True), auto_refresh=False, transient=True)
            self._bars.start()
        return self._bars

    def stop(self) -> None:
        """Remove what was drawn."""
        if self._bars is not None:
            self._bars.stop()
