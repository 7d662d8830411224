"""Waiting for what another thread or process does, within a bound."""

import time
from collections.abc import Callable

__all__ = ["until"]

_PATIENCE = 20.0


def until(condition: Callable[[], object], what: str) -> None:
    """Return once a condition holds; AssertionError that says what never came about."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never came about: {what}"
        time.sleep(0.01)
