"""Equality within one JSON type, exact for numbers, and ASCII folding."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

__all__ = ["equal", "fold", "json_type", "number"]


def json_type(value: Any) -> str:
    """Return the JSON type of a value; integer and float are one."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else "object"


def number(value: Any) -> Fraction | None:
    """Return a number exactly, None where the value is none (JSON has no NaN or infinity)."""
    if json_type(value) != "number":
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return Fraction(value)


def fold(text: str) -> str:
    """Fold A to Z, and nothing else."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def equal(one: Any, other: Any, ignore_case: bool) -> bool:
    """Return whether two scalars are equal; values of two types never are."""
    kind = json_type(one)
    if kind != json_type(other) or kind not in ("boolean", "number", "string"):
        return False
    if kind == "boolean":
        return one is other
    if kind == "number":
        return number(one) is not None and number(one) == number(other)
    return fold(one) == fold(other) if ignore_case else bool(one == other)
