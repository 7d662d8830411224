"""The JSON Schema of a condition, by which editors complete and check it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from burgee_compiler.model.decoder import JsonSchema
from burgee_compiler.model.kinds import BOOLEAN, FLAG_KEY, PATH, VARIANT, list_of
from burgee_compiler.model.operands import FOLDABLE, OPERANDS

__all__ = ["condition_schema"]

_HERE: Final[JsonSchema] = {"$ref": "#/$defs/condition"}
_LISTED: Final[JsonSchema] = {"type": "array", "items": _HERE, "minItems": 1}
_OTHERS: Final = ("all", "any", "not", "segment", "flag", "serves")


def condition_schema() -> JsonSchema:
    """Return what a condition may be: a mapping of one kind, or a list, which means all of."""
    single = {
        "type": "object",
        "properties": _fields(),
        "additionalProperties": False,
        "oneOf": [
            {"required": ["attribute"], "anyOf": _required(OPERANDS), "not": _any(_OTHERS)},
            {"required": ["segment"], "maxProperties": 1},
            {"required": ["flag", "serves"], "maxProperties": 2},
            {"required": ["all"], "maxProperties": 1},
            {"required": ["any"], "maxProperties": 1},
            {"required": ["not"], "maxProperties": 1},
        ],
        "allOf": [
            # Folding of case goes with what compares text, and absence with nothing else.
            {"if": _says("ignore_case", True), "then": _any(sorted(FOLDABLE))},
            {
                "if": _says("exists", False),
                "then": {"not": _any(name for name in OPERANDS if name != "exists")},
            },
        ],
    }
    return {
        "description": "An attribute, a segment or a flag; a list means all of them.",
        "anyOf": [single, {**_LISTED, "description": "All of these hold."}],
    }


def _fields() -> JsonSchema:
    described = {
        "attribute": (PATH.schema(), "What apps send, such as plan or app.version."),
        "segment": (FLAG_KEY.schema(), "Holds for who is in this segment."),
        "flag": (FLAG_KEY.schema(), "Holds where this flag serves one of `serves`."),
        "serves": (list_of(VARIANT, least=1, unique=True).schema(), "Variants that will do."),
        "all": (_LISTED, "All of these hold."),
        "any": (_LISTED, "At least one of these holds."),
        "not": (_HERE, "This does not hold."),
        "ignore_case": (BOOLEAN.schema(), "Compare text without regard to ASCII case."),
    }
    fields = {name: {**schema, "description": text} for name, (schema, text) in described.items()}
    return {**fields, **{name: kind.schema() for name, kind in OPERANDS.items()}}


def _required(names: Iterable[str]) -> list[JsonSchema]:
    return [{"required": [name]} for name in names]


def _any(names: Iterable[str]) -> JsonSchema:
    return {"anyOf": _required(names)}


def _says(name: str, value: bool) -> JsonSchema:
    return {"required": [name], "properties": {name: {"const": value}}}
