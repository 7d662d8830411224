"""How far a long run has come, for whoever listens; nobody does unless a command asks to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

__all__ = ["Listener", "listening", "told"]

T = TypeVar("T")
Listener = Callable[[str, int, int], None]
"""Is told what is being done, how many things are done and how many there are."""

_EVERY: Final = 32
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Tell a listener of what is done in the block; None: tell nobody."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def told(what: str, things: Collection[T]) -> Iterable[T]:
    """Return `things` to go through, telling the listener on the way."""
    listener = _LISTENER.get()
    return things if listener is None else _telling(listener, what, things)


def _telling(listener: Listener, what: str, things: Collection[T]) -> Iterator[T]:
    for number, each in enumerate(things):
        if number % _EVERY == 0:
            listener(what, number, len(things))
        yield each
    listener(what, len(things), len(things))
