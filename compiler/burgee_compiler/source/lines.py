"""Lines of a text: from an offset to line and column, and back to the text of a line."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

__all__ = ["Lines", "decode"]

_BREAK: Final = re.compile(r"\r\n|\n|\r")


def decode(text: bytes) -> str:
    """Return the text of a file for display: no byte order mark, bytes that are no UTF-8 as �."""
    return text.decode("utf-8", "replace").removeprefix("\ufeff")


class Lines:
    """Where the lines of a text begin.

    libyaml's own line numbers are not used: it also counts U+0085, U+2028 and U+2029 as line
    breaks, which no editor does.
    """

    __slots__ = ("_ends", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0]
        self._ends = []
        for found in _BREAK.finditer(text):
            self._ends.append(found.start())
            self._starts.append(found.end())
        self._ends.append(len(text))

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, of an offset in code points."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str | None:
        """Return the text of a line without its break, or None where there is no such line."""
        if not 1 <= number <= len(self._starts):
            return None
        return self.text[self._starts[number - 1] : self._ends[number - 1]]
