"""Pausing Python's cycle collector while a repository is read and compiled.

Definitions and forms hold no cycles, but there are so many of them that the collector, which
walks them all again and again, took half the time of a build of 10,000 flags.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Run a block without the cycle collector; it is as before afterwards."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
