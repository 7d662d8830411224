"""Conditions that contradict and imply each other often, and all contexts that may tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from hypothesis import strategies as st

from burgee_compiler.model.condition import Condition
from support.readers import read_condition
from support.strategies.conditions import condition
from support.strategies.drawing import Chooser
from support.strategies.universe import ATTRIBUTES, CONSTANTS, VALUES

__all__ = ["close_condition", "conditions", "contexts", "nested", "paths_of", "some_paths"]

MISSING = object()
PATHS = tuple(path for path in ATTRIBUTES if path in VALUES)
TEXTS = ("pro", "PRO", "p", "P", "ro", "", "o", "Pro", "prop", "xpro")
FEW: dict[str, tuple[Any, ...]] = {
    **CONSTANTS,
    **dict.fromkeys(("eq", "neq", "in", "nin"), (*TEXTS, True, False, 0, 1, 1.5, 18)),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), (0, 1, 1.5, 18)),
    **dict.fromkeys(("startswith", "endswith", "contains"), TEXTS),
    "regex": ("^p", "o$", "(?i)PRO", "(?-i)p"),
    "cidr": ("10.0.0.0/8", "10.1.0.0/16", "192.168.1.1", "0.0.0.0/0", "::/0"),
}
"""Constants so few that conditions contradict and imply each other often."""
FOLDED = ("eq", "neq", "in", "nin", "contains", "startswith", "endswith", "regex")
_MOST = 600
LISTS = ("in", "nin", "contains", "startswith", "endswith", "regex", "cidr")


def some_paths(chooser: Chooser) -> list[str]:
    """Return one path or two, so that all combinations of their values can be tried."""
    return chooser.some(PATHS, 1, 2)


def close_condition(chooser: Chooser, paths: Sequence[str], depth: int) -> Any:
    """Return a condition on these paths, as YAML holds it."""
    kind = chooser.pick(["attribute"] * 3 + (["all", "all", "any", "not"] if depth else []))
    if kind == "not":
        return {"not": close_condition(chooser, paths, depth - 1)}
    if kind != "attribute":
        count = chooser.count(2, 3)
        return {kind: [close_condition(chooser, paths, depth - 1) for _ in range(count)]}
    path = chooser.pick(paths)
    tests: dict[str, Any] = {}
    for operator in (
        chooser.some(tuple(FEW), 1, 2)
        if chooser.chance(4)
        else chooser.some(ATTRIBUTES[path], 1, 2)
    ):
        tests[operator] = _constant(chooser, operator)
    if tests.get("exists") is False:
        tests = {"exists": False}
    if any(operator in FOLDED for operator in tests) and chooser.chance(3):
        tests["ignore_case"] = True
    return {"attribute": path, **tests}


def _constant(chooser: Chooser, operator: str) -> Any:
    if operator in ("in", "nin") or (operator in LISTS and chooser.chance(3)):
        return [chooser.pick(FEW[operator]) for _ in range(chooser.count(1, 3))]
    return chooser.pick(FEW[operator])


@st.composite
def conditions(draw: st.DrawFn, count: int, depth: int = 2) -> list[Condition]:
    """Draw conditions on the same one or two paths."""
    chooser = Chooser(draw)
    paths = some_paths(chooser)
    close = not chooser.chance(6)
    return [
        read_condition(
            close_condition(chooser, paths, depth) if close else condition(chooser, [], [], depth)
        )
        for _ in range(count)
    ]


def paths_of(parts: Sequence[Condition]) -> set[str]:
    """Return the attributes that conditions ask about."""
    found: set[str] = set()
    for part in parts:
        below = [*(part.all or ()), *(part.any or ()), *([part.not_] if part.not_ else [])]
        found |= paths_of(below) | ({part.attribute} if part.attribute else set())
    return found


def contexts(parts: Sequence[Condition]) -> Iterator[dict[str, Any]]:
    """Yield every combination of values, under whole keys and step by step."""
    paths = sorted(paths_of(parts))[:2]
    pools = [(MISSING, *VALUES.get(path, ()), *TEXTS, 0, 1, 1.25, 18, 17.5) for path in paths]
    whole = list(product(*pools))
    # Of very many every so-many-th will do, another one for other conditions.
    step = len(whole) // _MOST + 1
    for values in whole[len(str(parts)) % step :: step]:
        yield {
            ("targetingKey" if path == "user.id" else path): value
            for path, value in zip(paths, values, strict=True)
            if value is not MISSING
        }


def nested(context: dict[str, Any]) -> dict[str, Any]:
    """Return a context with its dotted keys as objects."""
    made: dict[str, Any] = {}
    for path, value in context.items():
        *steps, last = path.split(".")
        here: Any = made
        for step in steps:
            here = here.setdefault(step, {})
        here[last] = value
    return made
