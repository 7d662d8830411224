"""Lines and blanks of a text, and splices: the pieces that an edit replaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

__all__ = [
    "Splice",
    "behind_break",
    "column",
    "line_break",
    "line_end",
    "line_start",
    "on_own_line",
    "skip_blank",
    "spliced",
]

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|(?:(?<=[\s,\[\]{}])|(?<![\s\S]))#[^\r\n]*)*")


class Splice(Struct, frozen=True, order=True):
    """Text [start, end) and what takes its place."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return a text with pieces replaced; at one place they keep their order."""
    made: list[str] = []
    position = 0
    for each in sorted(splices, key=lambda each: (each.start, each.end)):
        made += (text[position : each.start], each.text)
        position = each.end
    return "".join((*made, text[position:]))


def line_break(text: str) -> str:
    """Return the line break that a text uses: its first one."""
    found = _BREAK.search(text)
    return "\n" if found is None else found[0]


def line_end(text: str, offset: int) -> int:
    """Return where the line of an offset ends, before its break."""
    found = _BREAK.search(text, offset)
    return len(text) if found is None else found.start()


def behind_break(text: str, offset: int) -> int:
    """Return the offset behind the line break that stands at an offset, if one does."""
    found = _BREAK.match(text, offset)
    return offset if found is None else found.end()


def line_start(text: str, offset: int) -> int:
    """Return where the line of an offset begins."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def column(text: str, offset: int) -> int:
    """Return how many characters stand before an offset in its line."""
    return offset - line_start(text, offset)


def on_own_line(text: str, offset: int) -> bool:
    """Return whether only blanks stand before an offset in its line."""
    return not text[line_start(text, offset) : offset].strip(" ")


def skip_blank(text: str, offset: int) -> int:
    """Return the next offset at which something other than blanks, breaks and comments stands."""
    found = _BLANK.match(text, offset)
    return offset if found is None else found.end()
