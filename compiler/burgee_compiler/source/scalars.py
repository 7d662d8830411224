"""The YAML 1.2 core schema: what a scalar without quotes stands for."""

from __future__ import annotations

import math
import re
from typing import Final, TypeAlias

from burgee_compiler.source.tree import Json, Node, Plain

__all__ = ["Scalar", "Unresolvable", "resolve", "resolve_plain"]

Scalar: TypeAlias = bool | int | float | str | None

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SPECIAL: Final = {
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NUMBER_STARTS: Final = frozenset("+-.0123456789")
_DIGITS: Final = 4_000  # Python refuses to read integers beyond 4,300 digits
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


class Unresolvable(ValueError):
    """A number that JSON cannot carry, and where in the tree it stands."""

    def __init__(self, path: tuple[str | int, ...], code: str, message: str, cure: str) -> None:
        super().__init__(message)
        self.path = path
        self.code = code
        self.message = message
        self.help = cure


def resolve_plain(text: str) -> Scalar:
    """Return the value of a plain scalar by the core schema; never raises.

    `.inf` and `.nan` are floats here and integers have any size; `resolve` refuses both.
    """
    if text[:1] not in _NUMBER_STARTS:
        return _WORDS[text] if text in _WORDS else str(text)
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return _SPECIAL[text] if text in _SPECIAL else str(text)


def _integer(text: str) -> int | float:
    if text[:2] in ("0o", "0x"):
        return int(text[2:], 8 if text[1] == "o" else 16)
    digits = text.lstrip("+-").lstrip("0") or "0"
    if len(digits) > _DIGITS:
        return -math.inf if text[0] == "-" else math.inf
    return -int(digits) if text[0] == "-" else int(digits)


def resolve(node: Node) -> Json:
    """Return the JSON value of a tree: plain scalars by the core schema, the rest as it is.

    Raises Unresolvable, with the path, for the first number that JSON readers cannot keep.
    """
    return _resolve(node, ())


def _resolve(node: Node, path: tuple[str | int, ...]) -> Json:
    if isinstance(node, dict):
        return {str(key): _resolve(value, (*path, str(key))) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolve(value, (*path, index)) for index, value in enumerate(node)]
    if not isinstance(node, Plain):
        return node
    value = resolve_plain(node)
    if isinstance(value, int | float):
        _check(value, node, path)
    return value


def _check(value: float, text: str, path: tuple[str | int, ...]) -> None:
    if isinstance(value, int):
        if not _SMALLEST <= value <= _LARGEST:
            raise _too_large(text, path, "the number does not fit into 64 bits")
    elif not math.isfinite(value):
        if text in _SPECIAL:
            raise Unresolvable(
                path,
                "B117",
                f"{text} is no JSON number",
                "write a finite number, or quote the text",
            )
        raise _too_large(text, path, "the number is beyond 1.8e308")


def _too_large(text: str, path: tuple[str | int, ...], why: str) -> Unresolvable:
    short = text if len(text) <= 40 else f"{text[:37]}..."
    return Unresolvable(
        path, "B118", f"{short} is too large: {why}", "put it in quotes if it is an id"
    )
