"""Working in a thread beside the event loop without holding that up.

A full collection looks at every object of a set, tens of milliseconds of them; and a thread that
computes gives way every 5 ms, which is when a request that came in meanwhile is first looked at.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["settle", "undisturbed"]

_GIVE_WAY_SECONDS = 0.0005


@contextmanager
def undisturbed() -> Iterator[None]:
    """Give way often, and collect nothing until this is done."""
    interval, enabled = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(_GIVE_WAY_SECONDS)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if enabled:
            gc.enable()


def settle() -> None:
    """Exempt what there is from collections. A set holds no cycles, so counting frees it."""
    gc.freeze()
