"""A flag's type and variants, where the file leaves them out."""

from __future__ import annotations

from typing import Any

from burgee_compiler.model.flag import Flag, FlagType
from burgee_compiler.model.variants import BOOLEAN_VARIANTS, Variant

__all__ = ["json_type", "type_of", "variants_of"]


def variants_of(flag: Flag) -> dict[str, Variant]:
    """Return a flag's variants; on and off where it names none."""
    return BOOLEAN_VARIANTS if flag.variants is None else flag.variants


def type_of(flag: Flag) -> FlagType:
    """Return the type a flag states, or the one that the base's values have.

    Values of several types, or only nulls, have none; a check reports them, and object stands in.
    """
    if flag.type is not None:
        return flag.type
    found = {json_type(variant.value) for variant in variants_of(flag).values()} - {None}
    if found == {"integer", "number"}:
        return "number"
    return found.pop() or "object" if len(found) == 1 else "object"


def json_type(value: Any) -> FlagType | None:
    """Return the flag type that a JSON value has by itself, None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "object"
