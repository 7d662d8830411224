"""Flags that a test has pinned: for the present context, or for the whole process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

__all__ = ["overridden", "override", "pinned"]

_here: Final[ContextVar[Mapping[str, Any]]] = ContextVar("burgee_overrides")
pinned: Final[list[object]] = []
"""One entry for each `with` that is open anywhere: empty in production, so seen at a glance."""
_stack: list[Mapping[str, Any]] = []
_everywhere: Mapping[str, Any] = {}


def overridden() -> Mapping[str, Any]:
    """Return what is pinned here and now."""
    here = _here.get(_everywhere)
    return here if not _everywhere or here is _everywhere else {**_everywhere, **here}


@contextmanager
def override(flags: Mapping[str, Any], *, everywhere: bool = False) -> Generator[None]:
    """Pin flags within a `with`; an inner one wins over those around it."""
    enter = _enter_everywhere if everywhere else _enter_here
    leave = enter(dict(flags))
    pinned.append(leave)
    try:
        yield
    finally:
        pinned.remove(leave)
        leave()


def _enter_here(flags: Mapping[str, Any]) -> Callable[[], None]:
    token = _here.set({**_here.get({}), **flags})
    return lambda: _here.reset(token)


def _enter_everywhere(flags: Mapping[str, Any]) -> Callable[[], None]:
    """Threads may enter and leave in any order, so what is in force is summed up anew."""
    _stack.append(flags)
    _sum_up()

    def leave() -> None:
        for index, each in enumerate(_stack):
            if each is flags:
                del _stack[index]
                break
        _sum_up()

    return leave


def _sum_up() -> None:
    global _everywhere  # noqa: PLW0603  one assignment, so that evaluation needs no lock
    _everywhere = {key: value for each in _stack for key, value in each.items()}
