"""Kinds of the mappings with fixed fields: read into structs, unknown fields reported."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from msgspec import NODEFAULT, Struct

from burgee_compiler.diagnostics import nearest
from burgee_compiler.model.decoder import BAD, Bad, Decoder, JsonSchema, Kind
from burgee_compiler.model.foreign import FOREIGN_FIELDS, FOREIGN_STEPS
from burgee_compiler.source import Node

__all__ = ["DEFINITIONS", "defined", "fields_of", "struct_of"]

S = TypeVar("S", bound=Struct)


class _Field(Struct, frozen=True):
    name: str
    attribute: str
    kind: Kind
    description: str
    required: bool
    default: Any


_FIELDS: Final[dict[type[Struct], dict[str, _Field]]] = {}
DEFINITIONS: Final[dict[str, Callable[[], JsonSchema]]] = {}
"""The schemas that others refer to by name, as `#/$defs/NAME`."""


def defined(name: str, schema: Callable[[], JsonSchema]) -> JsonSchema:
    """Keep a schema under a name, and return what refers to it."""
    DEFINITIONS[name] = schema
    return {"$ref": f"#/$defs/{name}"}


def fields_of(cls: type[Struct]) -> dict[str, _Field]:
    """Return a struct's fields by the name they have in YAML.

    Each field is annotated `Annotated[type, kind, "description"]`; others are no YAML fields.
    """
    known = _FIELDS.get(cls)
    if known is not None:
        return known
    hints = typing.get_type_hints(cls, include_extras=True)
    known = {}
    for each in msgspec.structs.fields(cls):
        extras = getattr(hints[each.name], "__metadata__", ())
        kind = next((extra for extra in extras if isinstance(extra, Kind)), None)
        text = next((extra for extra in extras if isinstance(extra, str)), "")
        if kind is not None:
            required = each.default is NODEFAULT and each.default_factory is NODEFAULT
            known[each.encode_name] = _Field(
                each.encode_name, each.name, kind, text, required, each.default
            )
    _FIELDS[cls] = known
    return known


def struct_of(
    cls: type[S],
    what: str,
    *,
    check: Callable[[Decoder, S], bool] | None = None,
    also: JsonSchema | None = None,
) -> Kind:
    """Return the kind of a mapping with the fields of `cls`.

    `check` may report what the fields are together, and returns whether all is well; `also` is
    what a JSON Schema can say of that.
    """
    reference = defined(_snake(cls.__name__), lambda: {**struct_schema(cls), **(also or {})})

    def read(decoder: Decoder, node: Node) -> S | Bad:
        mapping = decoder.mapping(node, f"a mapping with the fields of {what}")
        if isinstance(mapping, Bad):
            return mapping
        fields = fields_of(cls)
        values: dict[str, Any] = {}
        misspelt: set[str | None] = set()
        good = True
        for name, child in mapping.items():
            field = fields.get(name)
            if field is None:
                misspelt.add(unknown_field(decoder, name, fields, what))
                good = False
                continue
            value = decoder.read(str(name), field.kind, child)
            good = good and value is not BAD
            values[field.attribute] = value
        for field in fields.values():
            if field.required and field.attribute not in values and field.name not in misspelt:
                decoder.fault(
                    "B202",
                    f'{what} needs "{field.name}"',
                    f"add `{field.name}:`, {_in_a_sentence(field.description)}",
                )
                good = False
        if not good:
            return BAD
        made = cls(**values)
        return made if check is None or check(decoder, made) else BAD

    return Kind(read, lambda: reference)


def unknown_field(decoder: Decoder, name: str, known: dict[str, Any], what: str) -> str | None:
    """Report a field that `what` does not have; return the nearest one that it has."""
    near = nearest(name, known)
    takes = f"t takes: {', '.join(known)}"
    foreign = {"a flag": FOREIGN_FIELDS, "a flag's `set`": FOREIGN_STEPS}.get(what, {})
    if name in foreign:
        hint = foreign[name]
    elif near is None:
        hint = f"i{takes}"
    else:
        hint = f'did you mean "{near}"?' + (f" I{takes}" if len(known) <= _FEW else "")
    decoder.fault("B201", f'unknown field "{name}" in {what}', hint, key=str(name))
    return near


_FEW: Final = 5  # fields that are listed besides the nearest


def _in_a_sentence(description: str) -> str:
    return description[:1].lower() + description[1:].removesuffix(".")


def struct_schema(cls: type[Struct]) -> JsonSchema:
    """Return the JSON Schema of a struct's mapping."""
    fields = fields_of(cls)
    required = [field.name for field in fields.values() if field.required]
    schema: JsonSchema = {
        "description": (cls.__doc__ or "").partition("\n")[0],
        "type": "object",
        "properties": {field.name: _field_schema(field) for field in fields.values()},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return schema


def _field_schema(field: _Field) -> JsonSchema:
    schema = {**field.kind.schema(), "description": field.description}
    if isinstance(field.default, str | int):
        schema["default"] = field.default
    return schema


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")
