"""How a rule's attribute path finds its value in a context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

__all__ = ["TARGETING_KEY", "Getter", "canonical_path", "getter"]

TARGETING_KEY: Final = "targetingKey"
Getter: TypeAlias = Callable[[Mapping[str, Any]], Any]


def canonical_path(path: str) -> str:
    """Return the one name of a path: `user.id` is the targeting key and nothing else.

    The targeting key's is always the same object: msgspec leaves out defaults by identity.
    """
    return TARGETING_KEY if path in ("user.id", TARGETING_KEY) else path


def getter(path: str) -> Getter:
    """Return a function that finds `path` in a context, None where it is missing or null.

    A whole key is looked up first, also where it holds null; then part by part through objects.
    """
    path = canonical_path(path)
    if "." not in path:
        return lambda context: context.get(path)
    first, *rest = path.split(".")

    def find(context: Mapping[str, Any]) -> Any:
        if path in context:
            return context[path]
        value = context.get(first)
        for part in rest:
            if not isinstance(value, dict):
                return None
            value = value.get(part)
        return value

    return find
