"""Random conditions: every operator, on attributes it suits and on others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from support.strategies.drawing import Chooser
from support.strategies.universe import ATTRIBUTES, CONSTANTS

__all__ = ["condition"]

_LISTS: Final = frozenset({"in", "nin"})
_EITHER: Final = frozenset({"contains", "startswith", "endswith", "regex", "cidr"})
_FOLDED: Final = frozenset(
    {"eq", "neq", "in", "nin", "contains", "startswith", "endswith", "regex"}
)
_PATHS: Final = tuple(ATTRIBUTES)
_OPERATORS: Final = tuple(CONSTANTS)


def condition(
    chooser: Chooser,
    segments: Sequence[str],
    flags: Sequence[tuple[str, Sequence[str]]],
    depth: int,
) -> Any:
    """Return a condition that may name these segments and flags (with their variants)."""
    kinds = ["attribute"] * 5
    kinds += ["segment"] * 2 if segments else []
    kinds += ["flag"] if flags else []
    kinds += ["all", "any", "not", "list"] if depth else []
    kind = chooser.pick(kinds)
    if kind == "segment":
        return {"segment": chooser.pick(segments)}
    if kind == "flag":
        key, variants = chooser.pick(flags)
        return {"flag": key, "serves": chooser.some(variants, 1, 2)}
    if kind == "not":
        return {"not": condition(chooser, segments, flags, depth - 1)}
    if kind in ("all", "any", "list"):
        parts = [condition(chooser, segments, flags, depth - 1) for _ in range(chooser.count(1, 3))]
        return parts if kind == "list" else {kind: parts}
    return _attribute(chooser)


def _attribute(chooser: Chooser) -> dict[str, Any]:
    path = chooser.pick(_PATHS)
    suited = _OPERATORS if chooser.chance(8) else ATTRIBUTES[path]
    tests: dict[str, Any] = {}
    for operator in chooser.some(suited, 1, 2):
        tests[operator] = _constant(chooser, operator)
    if tests.get("exists") is False:
        tests = {"exists": False}
    if _FOLDED.intersection(tests) and chooser.chance(3):
        tests["ignore_case"] = True
    return {"attribute": path, **tests}


def _constant(chooser: Chooser, operator: str) -> Any:
    pool = CONSTANTS[operator]
    if operator in _LISTS or (operator in _EITHER and chooser.chance(3)):
        return [chooser.pick(pool) for _ in range(chooser.count(1, 3))]
    return chooser.pick(pool)
