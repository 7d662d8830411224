"""Working in a thread beside the event loop without holding that up.

A full collection looks at every object of a set, tens of milliseconds of them; and a thread that
computes gives way every 5 ms, which is when a request that came in meanwhile is first looked at.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

__all__ = ["settle", "undisturbed"]

_GIVE_WAY_SECONDS: Final = 0.0005


class _Quiet:
    """What is as it was before, once the last of several threads is done."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._threads = 0
        self._before = (0.0, False)

    def begin(self) -> None:
        with self._lock:
            self._threads += 1
            if self._threads == 1:
                self._before = sys.getswitchinterval(), gc.isenabled()
                sys.setswitchinterval(_GIVE_WAY_SECONDS)
                gc.disable()

    def end(self) -> None:
        with self._lock:
            self._threads -= 1
            if self._threads == 0:
                interval, enabled = self._before
                sys.setswitchinterval(interval)
                if enabled:
                    gc.enable()


_QUIET: Final = _Quiet()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Give way often, and collect nothing until this is done."""
    _QUIET.begin()
    try:
        yield
    finally:
        _QUIET.end()


def settle() -> None:
    """Exempt what there is from collections. A set holds no cycles, so counting frees it."""
    gc.freeze()
