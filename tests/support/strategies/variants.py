"""Random variants of every type, with null among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from support.strategies.drawing import Chooser

__all__ = ["BY_TYPE", "values_for", "variants"]

BY_TYPE: Final[dict[str, tuple[Any, ...]]] = {
    "boolean": (True, False),
    "string": ("a", "", "ü 😀", "null"),
    "integer": (0, 1, -5, 2**63 - 1, -(2**63)),
    "number": (1.5, 0, 2, -0.5, 1e22, 2**53 + 1),
    "object": ({}, {"a": [1, 1.0, None]}, [], [True, {"": "x"}]),
}
_NAMES: Final = ("on", "off", "a", "b", "10%", "Z", "ü", "5")


def variants(chooser: Chooser) -> tuple[dict[str, Any], tuple[str, ...], str]:
    """Return the fields of a flag that tell its variants, their names, and their type."""
    form = chooser.count(0, 3)
    if form == 0:
        return {}, ("on", "off"), "boolean"
    names = tuple(chooser.some(_NAMES, 2, 4))
    if form == 1:
        return {"variants": list(names)}, names, "string"
    kind = chooser.pick(tuple(BY_TYPE))
    return {"type": kind, "variants": values_for(chooser, names, kind)}, names, kind


def values_for(chooser: Chooser, names: Sequence[str], kind: str) -> dict[str, Any]:
    """Return variants with values of a type; now and then null."""
    return {
        name: {"value": None if chooser.chance(8) else chooser.pick(BY_TYPE[kind])}
        for name in names
    }
