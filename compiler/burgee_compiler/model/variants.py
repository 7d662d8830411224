"""Variants: names with JSON values, or a list of strings equal to their names."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Struct

from burgee_compiler.model.decoder import BAD, Bad, Decoder, JsonSchema, Kind, describe
from burgee_compiler.model.kinds import JSON, TEXT, VARIANT, list_of, map_of
from burgee_compiler.model.structs import struct_of
from burgee_compiler.source import Node, Plain

__all__ = ["BOOLEAN_VARIANTS", "VARIANTS", "Variant"]


def _read_value(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Plain) and node == "":
        return decoder.fault(
            "B204", "a variant's value is empty", "write the value; null is the caller's default"
        )
    return JSON.read(decoder, node)


_VALUE: Final = Kind(_read_value, JSON.schema)


class Variant(Struct, frozen=True):
    """A variant's value; null is the caller's default."""

    value: Annotated[Any, _VALUE, "Any JSON value of the flag's type; null: the caller's default."]
    description: Annotated[str | None, TEXT, "For people."] = None


BOOLEAN_VARIANTS: Final = {"on": Variant(True), "off": Variant(False)}

_NAMED: Final = map_of(VARIANT, struct_of(Variant, "a variant"), "a mapping or list", least=1)
_LISTED: Final = list_of(VARIANT, least=1, unique=True)


def _read(decoder: Decoder, node: Node) -> dict[str, Variant] | Bad:
    if isinstance(node, list):
        if any(isinstance(each, dict) for each in node):
            return decoder.fault(
                "B203",
                '"variants" is a list of mappings',
                "write `NAME: {value: VALUE}` lines without dashes, or [a, b] for text equal to "
                "its name",
            )
        names = _LISTED.read(decoder, node)
        return BAD if names is BAD else {name: Variant(name) for name in names}
    if not isinstance(node, dict):
        return decoder.fault(
            "B203",
            f'"variants" must be a mapping or a list of names, not {describe(node)}',
            "write `NAME: {value: VALUE}` lines, or [a, b] for text equal to its name",
        )
    bare = [name for name, child in node.items() if not isinstance(child, dict)]
    for name in bare:
        with decoder.at(str(name)):
            shown = node[name] if isinstance(node[name], str) and node[name] else "VALUE"
            decoder.fault(
                "B203",
                f'the variant "{name}" must be a mapping with its value',
                f"write {name}: {{value: {shown}}}",
            )
    if bare:
        return BAD
    return _NAMED.read(decoder, node)  # type: ignore[no-any-return]


def _schema() -> JsonSchema:
    return {"anyOf": [_NAMED.schema(), _LISTED.schema()]}


VARIANTS: Final = Kind(_read, _schema)
