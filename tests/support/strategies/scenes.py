"""Random contexts and clocks, near what random repositories ask for."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import strategies as st

from support.strategies.drawing import Chooser
from support.strategies.universe import HOUR, INSTANTS, KEYS, START, VALUES

__all__ = ["Scenes", "clocks", "contexts", "scenes"]

Scenes = list[tuple[dict[str, Any], int]]

_PATHS = tuple(VALUES)


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a context: values near the constants, of other types, nested, dotted, missing."""
    c = Chooser(draw)
    context: dict[str, Any] = {}
    if not c.chance(8):
        context["targetingKey"] = _key(c)
    for path in c.some(_PATHS, 0, len(_PATHS)):
        pool = VALUES[c.pick(_PATHS)] if c.chance(8) else VALUES[path]
        _place(c, context, path, c.pick(pool))
    if c.chance(6):
        _place(c, context, "user.id", "u0")
    return context


def _key(c: Chooser) -> Any:
    """Return a key: one of very many, one that lists may name, or an odd one."""
    kind = c.count(0, 3)
    if kind < 2:
        return f"user-{c.count(0, 10**6)}"
    return c.pick(KEYS[:8]) if kind == 2 else c.pick(KEYS)


def _place(c: Chooser, context: dict[str, Any], path: str, value: Any) -> None:
    """Put a value step by step, or under its whole key, or under both, the whole one null."""
    form = c.count(0, 9)
    if form == 9:
        context[path] = value
        return
    first, _, rest = path.partition(".")
    if form == 8 and rest:
        context[first] = [{rest: value}]
        return
    here = context
    *steps, last = path.split(".")
    for step in steps:
        below = here.setdefault(step, {})
        if not isinstance(below, dict):
            return
        here = below
    here[last] = value
    if form == 7:
        context[path] = None


@st.composite
def clocks(draw: st.DrawFn) -> int:
    """Draw an instant in microseconds: at, just before or just after every instant of the rules."""
    c = Chooser(draw)
    if c.chance(4):
        return START + c.count(-HOUR, 130 * HOUR)
    return c.pick(INSTANTS) + c.pick((0, -1, 1, 6 * HOUR))


@st.composite
def scenes(draw: st.DrawFn) -> Scenes:
    """Draw some contexts, each also as that of two other people, at some instants each."""
    crowd = draw(st.integers(0, 2**32))
    found = []
    for context in draw(st.lists(contexts(), min_size=3, max_size=5)):
        crowd += 1
        people = [{**context, "targetingKey": f"{crowd}-{person}"} for person in "ab"]
        found += [context, *people]
    instants = draw(st.lists(clocks(), min_size=2, max_size=5))
    return list(product(found, instants))
