"""Text of a repository made safe to print: nothing in it can steer a terminal or break a line."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["columns", "printable", "width"]

_TAB: Final = "    "
# C0 and C1 controls, bidirectional overrides, line separators, byte order mark, lone surrogates.
_UNSAFE: Final = frozenset(
    chr(point)
    for first, last in (
        (0x00, 0x1F),
        (0x7F, 0x9F),
        (0x200B, 0x200F),
        (0x2028, 0x202E),
        (0x2060, 0x2069),
        (0xD800, 0xDFFF),
        (0xFEFF, 0xFEFF),
    )
    for point in range(first, last + 1)
)


def printable(text: str) -> str:
    """Return the text with tabs as blanks and everything that is not seen written as an escape."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character == "\t":
        return _TAB
    if character not in _UNSAFE:
        return character
    point = ord(character)
    return f"\\x{point:02x}" if point < 256 else f"\\u{point:04x}"


def width(text: str) -> int:
    """Return how many columns of a terminal printable text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def columns(line: str, start: int, end: int) -> tuple[int, int]:
    """Return the columns on a terminal, from 0, at which a part of a printed line begins, ends."""
    before = width(printable(line[:start]))
    return before, before + width(printable(line[start:end]))
