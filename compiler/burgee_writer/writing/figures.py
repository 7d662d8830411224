"""What a writer has done so far, for its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

__all__ = ["WriteFigures"]


class WriteFigures:
    """Plain counts; the writer's lock keeps them right, but for the queue, which may be late."""

    def __init__(self) -> None:
        self.writes = 0
        self.conflicts = 0
        self.failures = 0
        self.refused = 0
        self.queue = 0
        self.unreachable = False
        self.checks = 0
        self.check_seconds = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count a write that waits for its turn, or has it."""
        self.queue += 1
        try:
            yield
        finally:
            self.queue -= 1

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Count what cannot be committed or sent at all: a full disk, a remote that is away."""
        try:
            yield
        except Exception:
            self.failures += 1
            raise

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Count a check and the time that it takes."""
        began = perf_counter()
        try:
            yield
        finally:
            self.checks += 1
            self.check_seconds += perf_counter() - began
