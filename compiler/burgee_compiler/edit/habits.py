"""How a file is written: its line break, indentation and quotes."""

from __future__ import annotations

from collections import Counter
from typing import Final

from msgspec import Struct

from burgee_compiler.edit.marks import Mark, Style
from burgee_compiler.edit.text import column, line_break

__all__ = ["WIDTH", "Habits", "habits_of"]

WIDTH: Final = 100  # columns within which a collection is written in brackets


class Habits(Struct, frozen=True):
    """What new text takes over from the text around it."""

    newline: str = "\n"
    step: int = 2  # from a key to the keys below it
    dash: int = 2  # from a key to the dashes below it
    literals: bool = True  # whether a text of several lines may be written as a block
    quotes: dict[str, Style] = {}  # words that stand in quotes somewhere


def habits_of(text: str, root: Mark, *, cautious: bool) -> Habits:
    """Return the habits of a text; what is most frequent counts.

    Blocks of text take in what follows them, and need a break at their end: not if `cautious`.
    """
    steps: Counter[int] = Counter()
    dashes: Counter[int] = Counter()
    quotes: dict[str, Style] = {}
    for mark in root.below():
        if mark.style in ('"', "'"):
            quotes.setdefault(mark.value, mark.style)
        if mark.kind != "map" or mark.flow:
            continue
        for entry in mark.entries:
            if not entry.value.block:
                continue
            indent = column(text, entry.value.body) - column(text, entry.key.start)
            (steps if entry.value.kind == "map" else dashes)[indent] += 1
    dash = _usual(dashes, 2)
    step = max(1, _usual(steps, max(dash, 2)))
    return Habits(line_break(text), step, max(0, dash), not cautious, quotes)


def _usual(counts: Counter[int], default: int) -> int:
    return counts.most_common(1)[0][0] if counts else default
