"""The sorts of values that fields hold, apart from conditions: names, numbers, times, lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from burgee.instants import parse_instant
from burgee_compiler.diagnostics import nearest
from burgee_compiler.model.decoder import BAD, EMPTY, Bad, Decoder, JsonSchema, Kind, describe
from burgee_compiler.source import Node, Plain, Unresolvable, resolve, resolve_plain

__all__ = [
    "BOOLEAN",
    "FLAG_KEY",
    "IDENTIFIER",
    "INSTANT",
    "INTEGER",
    "JSON",
    "PATH",
    "SCALAR",
    "SEED",
    "TEXT",
    "USER_ID",
    "VARIANT",
    "WEIGHT",
    "choice",
    "is_identifier",
    "list_of",
    "map_of",
    "thousandths",
]

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_SEED: Final = re.compile(r"[A-Za-z0-9._-]{1,256}")
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}(?:\.[A-Za-z0-9][A-Za-z0-9_-]{0,127})*")
_DECIMAL: Final = re.compile(r"\+?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_UNSEEN: Final = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff"
_CONTROL: Final = re.compile(rf"[{_UNSEEN}\ud800-\udfff]")
_A_VARIANT: Final = "a variant's name"
_SCALAR_TYPES: Final = ["string", "number"]
"""Of what names something: a number is taken by its source text."""
_SEEN: Final[JsonSchema] = {"type": _SCALAR_TYPES, "minLength": 1, "pattern": f"^[^{_UNSEEN}]*$"}


def is_identifier(text: str) -> bool:
    """Return whether `text` may name a tenant, environment, segment, layer, rule or key part."""
    return _IDENTIFIER.fullmatch(text) is not None


def _source_text(decoder: Decoder, node: Node, what: str) -> str | Bad:
    """Return the text of a scalar that names something, as it stands in the source."""
    if isinstance(node, dict | list):
        return decoder.fault(
            "B203", f"{decoder.name} must be {what}, not {describe(node)}", f"write {what} here"
        )
    if isinstance(node, Plain):
        if node == "":
            return decoder.fault("B204", f"{decoder.name} is empty", f"write {what} here")
        value = resolve_plain(node)
        if isinstance(value, bool):
            hint = f'put it in quotes: "{node}"'
            if what == _A_VARIANT:
                better = "on" if value else "off"
                hint = f'write {better} for the variant of a boolean flag, or "{node}" in quotes'
            return decoder.fault(
                "B206", f"{decoder.name} is the boolean {node}, where {what} is expected", hint
            )
        if value is None:
            return decoder.fault(
                "B204", f"{decoder.name} is null, where {what} is expected", f"write {what}"
            )
    return str(node)


def _named(what: str, pattern: re.Pattern[str], rule: str) -> Kind:
    def read(decoder: Decoder, node: Node) -> str | Bad:
        text = _source_text(decoder, node, what)
        if isinstance(text, Bad) or pattern.fullmatch(text):
            return text
        return decoder.fault("B205", f'"{text}" is not {what}', rule)

    return Kind(read, lambda: {"type": _SCALAR_TYPES, "pattern": f"^{pattern.pattern}$"})


_NAME_RULE: Final = "use letters, digits, - and _, beginning with a letter or digit, 128 at most"
IDENTIFIER: Final = _named("a name", _IDENTIFIER, _NAME_RULE)
FLAG_KEY: Final = _named(
    "a flag's key", _KEY, "use the file's path below flags/ with dots for slashes"
)
SEED: Final = _named("a seed", _SEED, "use letters, digits, dots, - and _")


def _read_variant(decoder: Decoder, node: Node) -> str | Bad:
    text = _source_text(decoder, node, _A_VARIANT)
    if isinstance(text, Bad):
        return text
    if not text or len(text) > 128:
        return decoder.fault(
            "B205", f"a variant's name has {len(text)} characters", "use 1 to 128 characters"
        )
    if _CONTROL.search(text):
        return decoder.fault(
            "B205",
            f'"{text}" holds a character that cannot be seen',
            "remove control characters, line separators and direction marks from the name",
        )
    return text


VARIANT: Final = Kind(_read_variant, lambda: {**_SEEN, "maxLength": 128})


def _read_user_id(decoder: Decoder, node: Node) -> str | Bad:
    text = _source_text(decoder, node, "an id")
    if isinstance(text, Bad) or text:
        return text
    return decoder.fault("B204", "an id is empty", "write the id, or remove the line")


USER_ID: Final = Kind(_read_user_id, lambda: {"type": _SCALAR_TYPES, "minLength": 1})


def _read_path(decoder: Decoder, node: Node) -> str | Bad:
    text = _source_text(decoder, node, "an attribute's name")
    if isinstance(text, Bad):
        return text
    if not text or len(text) > 256 or _CONTROL.search(text):
        return decoder.fault(
            "B205",
            f'"{text[:40]}" is no attribute\'s name',
            "name the attribute as apps send it, with dots to step into objects",
        )
    return text


PATH: Final = Kind(_read_path, lambda: {**_SEEN, "maxLength": 256})


def _read_text(decoder: Decoder, node: Node) -> str | Bad:
    if isinstance(node, str) and (not isinstance(node, Plain) or _is_text(node)):
        return str(node)
    return decoder.fault(
        "B203",
        f"{decoder.name} must be text, not {describe(node)}",
        "put it in quotes" if isinstance(node, Plain) and node else "write text here",
    )


def _is_text(node: Plain) -> bool:
    try:
        return isinstance(resolve_plain(node), str)
    except Unresolvable:
        return True


TEXT: Final = Kind(_read_text, lambda: {"type": "string"})


def _read_boolean(decoder: Decoder, node: Node) -> bool | Bad:
    value = resolve_plain(node) if isinstance(node, Plain) else None
    if isinstance(value, bool):
        return value
    hint = "write true or false"
    if isinstance(node, str) and node.lower() in ("on", "off", "yes", "no"):
        hint = f"{node} is text in YAML 1.2: write true or false"
    return decoder.fault(
        "B203", f"{decoder.name} must be true or false, not {describe(node)}", hint
    )


BOOLEAN: Final = Kind(_read_boolean, lambda: {"type": "boolean"})


def _read_integer(decoder: Decoder, node: Node) -> int | Bad:
    value = resolve_plain(node) if isinstance(node, Plain) else None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return decoder.fault(
        "B203", f"{decoder.name} must be a whole number, not {describe(node)}", "write 0 or more"
    )


INTEGER: Final = Kind(_read_integer, lambda: {"type": "integer", "minimum": 0})


def _read_json(decoder: Decoder, node: Node) -> Any:
    try:
        return resolve(node)
    except Unresolvable as error:
        return decoder.fault_at(error.path, error.code, error.message, error.help)


JSON: Final = Kind(_read_json, dict)


def _read_scalar(decoder: Decoder, node: Node) -> Any:
    value = _read_json(decoder, node)
    if isinstance(value, str | int | float | Bad):
        return value
    return decoder.fault(
        "B203",
        f"{decoder.name} must be text, a number or a boolean, not {describe(node)}",
        "write one value",
    )


SCALAR: Final = Kind(_read_scalar, lambda: {"type": ["string", "number", "boolean"]})


def _read_instant(decoder: Decoder, node: Node) -> int | Bad:
    text = str(node) if isinstance(node, str) else ""
    instant = parse_instant(text) if text.isascii() else None
    if instant is not None:
        return instant
    hint = "write a date (2026-12-01) or a time with its offset (2026-12-01T09:00:00Z)"
    for ending in ("Z", ":00Z"):
        whole = text.replace(" ", "T", 1) + ending
        if text and parse_instant(whole) is not None:
            hint = f"add the offset, with a T and no blank: {whole}"
    what = f'"{text}"' if text else describe(node)
    return decoder.fault("B209", f"{decoder.name} is {what}, which is no instant", hint)


_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
INSTANT: Final = Kind(_read_instant, lambda: {"type": "string", "pattern": f"^{_DAY}({_CLOCK})?$"})


def _decimal(node: Node) -> Decimal | None:
    """Return a plain decimal number taken exactly from its source text."""
    if not isinstance(node, Plain) or len(node) > 40:
        return None
    if _DECIMAL.fullmatch(node) is None:
        value = resolve_plain(node)  # 1e1 and 0x0A are numbers too
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            return None
    try:
        return Decimal(node)
    except InvalidOperation:
        return Decimal(int(node, 0)) if node[:2] in ("0x", "0o") else None


def _read_weight(decoder: Decoder, node: Node) -> Decimal | Bad:
    weight = _decimal(node)
    if weight is not None and weight <= _HEAVIEST:
        return weight
    return decoder.fault(
        "B208",
        f"{decoder.name} must be a weight, not {describe(node)}",
        "write a number of 0 or more, without quotes or a percent sign",
    )


_HEAVIEST: Final = 10**15
WEIGHT: Final = Kind(_read_weight, lambda: {"type": "number", "minimum": 0, "maximum": _HEAVIEST})


def thousandths(decoder: Decoder, node: Node) -> int | Bad:
    """Read a percentage of at most three decimals; return thousandths of a percent."""
    exact = _decimal(node)
    hint = "write a number from 0 to 100 with at most three decimals"
    if exact is None:
        if isinstance(node, str) and node.endswith("%"):
            hint = f"write {node[:-1].strip()} without the percent sign"
        elif isinstance(node, str) and _DECIMAL.fullmatch(node.replace(",", ".")):
            hint = f"write {node.replace(',', '.')} without quotes"
        what = describe(node)
        return decoder.fault("B207", f"{decoder.name} must be a percentage, not {what}", hint)
    scaled = exact * 1000
    if not 0 <= exact <= 100 or scaled != scaled.to_integral_value():
        return decoder.fault("B207", f"{decoder.name} is {node} percent", hint)
    return int(scaled)


def choice(*words: str) -> Kind:
    """Return the kind of a field that takes one of a few words."""

    def read(decoder: Decoder, node: Node) -> str | Bad:
        if isinstance(node, str) and node in words:
            return str(node)
        hint = f"use one of: {', '.join(words)}"
        near = nearest(str(node), words) if isinstance(node, str) and node else None
        if near:
            hint = f'did you mean "{near}"? It is one of: {", ".join(words)}'
        what = f'"{node}"' if isinstance(node, str) and node else describe(node)
        return decoder.fault("B212", f"{decoder.name} cannot be {what}", hint)

    return Kind(read, lambda: {"enum": list(words)})


def list_of(item: Kind, *, least: int = 0, unique: bool = False) -> Kind:
    """Return the kind of a list, read as a tuple."""

    def read(decoder: Decoder, node: Node) -> tuple[Any, ...] | Bad:
        if isinstance(node, Plain) and node == "":
            return decoder.fault("B204", f"{decoder.name} is empty", EMPTY)
        if not isinstance(node, list):
            return decoder.fault(
                "B203",
                f"{decoder.name} must be a list, not {describe(node)}",
                "write it as [a, b], or as lines that begin with a dash and a blank",
            )
        if len(node) < least:
            return decoder.fault(
                "B214", f"{decoder.name} is an empty list", "name at least one, or remove it"
            )
        values = [decoder.read(index, item, child) for index, child in enumerate(node)]
        if unique and _report_repeated(decoder, values):
            return BAD
        return BAD if BAD in values else tuple(values)

    def schema() -> JsonSchema:
        limits: JsonSchema = {"minItems": least} if least else {}
        if unique:
            limits["uniqueItems"] = True
        return {"type": "array", "items": item.schema(), **limits}

    return Kind(read, schema)


def _report_repeated(decoder: Decoder, values: Sequence[Any]) -> bool:
    seen: set[Any] = set()
    repeated = False
    for index, value in enumerate(values):
        if isinstance(value, str) and value in seen:
            repeated = True
            with decoder.at(index):
                decoder.fault("B215", f'"{value}" is listed twice', "remove one of the two")
        elif isinstance(value, str):
            seen.add(value)
    return repeated


def map_of(key: Kind, value: Kind, what: str, *, least: int = 0) -> Kind:
    """Return the kind of a mapping whose keys are names, read as a dict."""

    def read(decoder: Decoder, node: Node) -> dict[Any, Any] | Bad:
        mapping = decoder.mapping(node, what)
        if isinstance(mapping, Bad):
            return mapping
        if len(mapping) < least:
            return decoder.fault("B214", f"{decoder.name} is empty", "name at least one")
        result: dict[Any, Any] = {}
        good = True
        for name, child in mapping.items():
            with decoder.at(str(name)):
                with decoder.at_key():
                    read_name = key.read(decoder, name)
                read_value = value.read(decoder, child)
            if isinstance(read_name, Bad) or isinstance(read_value, Bad):
                good = False
            else:
                result[read_name] = read_value
        return result if good else BAD

    def schema() -> JsonSchema:
        names = {name: each for name, each in key.schema().items() if name != "type"}
        limits: JsonSchema = {"minProperties": least} if least else {}
        if names:
            limits["propertyNames"] = names
        return {"type": "object", "additionalProperties": value.schema(), **limits}

    return Kind(read, schema)
