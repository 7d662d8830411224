"""What a rule sees of a context: values by path, and the text of a unit (design, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["is_targeting_key", "unit_at", "unit_of", "value_at"]


def is_targeting_key(path: str) -> bool:
    """Both names of the targeting key."""
    return path in ("targetingKey", "user.id")


def value_at(context: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path; None is missing, since null is."""
    if is_targeting_key(path):
        return context.get("targetingKey")
    if path in context:
        return context[path]
    here: Any = context
    for part in path.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return None
        here = here[part]
    return here


def unit_of(value: Any) -> str | None:
    """Return the text that is bucketed, None where the value is no unit."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        lone = any(0xD800 <= ord(character) <= 0xDFFF for character in value)
        return None if value == "" or lone else value
    if isinstance(value, int):
        return str(value) if -(2**64) <= value <= 2**64 else None
    if isinstance(value, float):
        if not -(2.0**53) < value < 2.0**53 or value != int(value):
            return None
        return str(int(value))
    return None


def unit_at(context: Mapping[str, Any], path: str) -> str | None:
    """Return the unit that `by: path` names."""
    return unit_of(value_at(context, path))
