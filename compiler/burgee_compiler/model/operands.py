"""What each operator may be given, and what it is read as."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, Final

import re2

from burgee.evaluation.operators import parse_network
from burgee.instants import parse_duration
from burgee.versions import parse_version
from burgee_compiler.model.decoder import BAD, Bad, Decoder, JsonSchema, Kind, describe
from burgee_compiler.model.kinds import BOOLEAN, INSTANT, JSON
from burgee_compiler.source import Node, Plain

__all__ = ["FOLDABLE", "OPERANDS"]

_QUIET: Final = re2.Options()
_QUIET.log_errors = False


def _scalar(decoder: Decoder, node: Node) -> Any:
    value = JSON.read(decoder, node)
    if value is BAD:
        return BAD
    if value is None:
        return decoder.fault(
            "B501",
            f"{decoder.name} cannot be null",
            "a null attribute counts as missing: use `exists: false`",
        )
    if isinstance(value, dict | list):
        return decoder.fault(
            "B501",
            f"{decoder.name} takes one value, not {describe(node)}",
            "use `in: […]` for several values",
        )
    return value


def _several(decoder: Decoder, node: Node) -> Any:
    if not isinstance(node, list):
        return decoder.fault(
            "B501",
            f"{decoder.name} takes a list, not {describe(node)}",
            "put it in brackets: [a, b]",
        )
    if not node:
        return decoder.fault("B507", f"{decoder.name} is an empty list", "name at least one value")
    values = [decoder.read(index, Kind(_scalar, dict), child) for index, child in enumerate(node)]
    return BAD if BAD in values else values


def _one_or_several(decoder: Decoder, node: Node) -> Any:
    return _several(decoder, node) if isinstance(node, list) else _scalar(decoder, node)


def _number(decoder: Decoder, node: Node) -> Any:
    value = _scalar(decoder, node)
    if value is BAD or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return decoder.fault(
        "B501",
        f"{decoder.name} compares numbers, and this is {describe(node)}",
        "write a number without quotes; use semver_… for versions, before/after for times",
    )


def _texts(check: Callable[[Decoder, str], bool] | None = None) -> Callable[[Decoder, Node], Any]:
    """Return a reader of one text or a list of them, each held to `check`."""

    def one(decoder: Decoder, node: Node) -> Any:
        value = _scalar(decoder, node)
        if value is BAD:
            return BAD
        if not isinstance(value, str):
            return decoder.fault(
                "B501",
                f"{decoder.name} takes text, not {describe(node)}",
                f'put it in quotes: "{node}"',
            )
        return value if check is None or check(decoder, value) else BAD

    def read(decoder: Decoder, node: Node) -> Any:
        if not isinstance(node, list):
            return one(decoder, node)
        if not node:
            return decoder.fault(
                "B507", f"{decoder.name} is an empty list", "name at least one value"
            )
        values = [decoder.read(index, Kind(one, dict), child) for index, child in enumerate(node)]
        return BAD if BAD in values else values

    return read


def _check_regex(decoder: Decoder, pattern: str) -> bool:
    try:
        re2.compile(pattern, _QUIET)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else "not understood"
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        decoder.fault(
            "B502",
            f'"{pattern}" is no regular expression: {reason}',
            "use RE2's syntax, which has no look-around and no back-references",
        )
        return False
    return True


def _check_network(decoder: Decoder, text: str) -> bool:
    try:
        parse_network(text)
    except ValueError as error:
        hint = "write a network such as 10.0.0.0/8 or 2001:db8::/32, or one address"
        message = f'"{text}" is no network'
        if "host bits" in str(error):
            message += ": it has bits set past its prefix"
            hint = f"write {ip_network(text, strict=False)}"
        elif "zone" in str(error):
            message += f": {error}"
        decoder.fault("B506", message, hint)
        return False
    return True


def _version(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Plain):
        value = JSON.read(decoder, node)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return decoder.fault(
                "B503",
                f"{decoder.name} is the number {value}, where a version is expected",
                f'put it in quotes: "{node}" (the number 7.10 is 7.1)',
            )
    if isinstance(node, str) and parse_version(str(node)) is not None:
        return str(node)
    what = f'"{node}"' if isinstance(node, str) and node else describe(node)
    return decoder.fault(
        "B503",
        f"{decoder.name} is {what}, which is no version",
        "write numbers with dots, such as 3.12.0 or 2.0.0-rc.1; a leading v is allowed",
    )


def _duration(decoder: Decoder, node: Node) -> int | Bad:
    micros = parse_duration(str(node)) if isinstance(node, str) else None
    if micros:
        return micros
    what = f'"{node}"' if isinstance(node, str) and node else describe(node)
    return decoder.fault(
        "B505",
        f"{decoder.name} is {what}, which is no duration",
        "write one number with d, h or m, such as 30d, 12h or 15m",
    )


_SCALAR_SCHEMA: Final[JsonSchema] = {"type": ["string", "number", "boolean"]}
_TEXT_SCHEMA: Final[JsonSchema] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}


def _kind(read: Callable[[Decoder, Node], Any], schema: JsonSchema, description: str) -> Kind:
    return Kind(read, lambda: {**schema, "description": description})


_LISTED: Final[JsonSchema] = {"type": "array", "items": _SCALAR_SCHEMA, "minItems": 1}
_VERSION: Final[JsonSchema] = {"type": "string", "pattern": "^v?[0-9]"}
_NUMBER: Final[JsonSchema] = {"type": "number"}
_EITHER: Final[JsonSchema] = {"anyOf": [_SCALAR_SCHEMA, _LISTED]}
_SPAN: Final[JsonSchema] = {"type": "string", "pattern": "^(?=.*[1-9])[0-9]{1,9}[dhm]$"}

FOLDABLE: Final = frozenset(
    {"eq", "neq", "in", "nin", "contains", "startswith", "endswith", "regex"}
)
"""Operators that compare text, which `ignore_case` goes with."""

OPERANDS: Final[dict[str, Kind]] = {
    "eq": _kind(_scalar, _SCALAR_SCHEMA, "Equal, within one JSON type."),
    "neq": _kind(_scalar, _SCALAR_SCHEMA, "Of the same type and not equal."),
    "in": _kind(_several, _LISTED, "One of these values."),
    "nin": _kind(_several, _LISTED, "Of a listed type, and none of these values."),
    "gt": _kind(_number, _NUMBER, "A greater number."),
    "gte": _kind(_number, _NUMBER, "A greater or equal number."),
    "lt": _kind(_number, _NUMBER, "A smaller number."),
    "lte": _kind(_number, _NUMBER, "A smaller or equal number."),
    "contains": _kind(
        _one_or_several, _EITHER, "Text that holds any of these, or a list that does."
    ),
    "startswith": _kind(_texts(), _TEXT_SCHEMA, "Text that begins with any of these."),
    "endswith": _kind(_texts(), _TEXT_SCHEMA, "Text that ends with any of these."),
    "regex": _kind(_texts(_check_regex), _TEXT_SCHEMA, "RE2 patterns, searched for anywhere."),
    "semver_eq": _kind(_version, _VERSION, "The same version."),
    "semver_gt": _kind(_version, _VERSION, "A later version."),
    "semver_gte": _kind(_version, _VERSION, "This version or a later one."),
    "semver_lt": _kind(_version, _VERSION, "An earlier version."),
    "semver_lte": _kind(_version, _VERSION, "This version or an earlier one."),
    "before": _kind(INSTANT.read, INSTANT.schema(), "A time before this one."),
    "after": _kind(INSTANT.read, INSTANT.schema(), "This time or a later one."),
    "within_last": _kind(_duration, _SPAN, "A time less than this long ago, not in the future."),
    "older_than": _kind(_duration, _SPAN, "A time this long ago or longer."),
    "cidr": _kind(_texts(_check_network), _TEXT_SCHEMA, "An address in one of these networks."),
    "exists": _kind(BOOLEAN.read, BOOLEAN.schema(), "Whether the attribute is there."),
}
