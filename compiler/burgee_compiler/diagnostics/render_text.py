"""Findings as text for people: the line, a caret under the place, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from burgee_compiler.diagnostics.codes import Severity
from burgee_compiler.diagnostics.place import Located, Spot
from burgee_compiler.diagnostics.safe import columns, printable, width

__all__ = ["render_text"]

_COLOURS: Final[dict[Severity, str]] = {"error": "31", "warning": "33", "note": "36", "off": "2"}
_BLUE: Final = "34"
_LONGEST: Final = 120  # columns of a source line that are shown


def render_text(located: Sequence[Located], *, colour: bool = False) -> str:
    """Return the findings, each ending with a line break and set apart by an empty line."""
    return "\n".join("\n".join(_finding(each, _Ink(colour))) + "\n" for each in located)


class _Ink:
    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[1;{code}m{text}\x1b[0m" if self._colour else text


def _finding(located: Located, ink: _Ink) -> Iterator[str]:
    found = located.diagnostic
    colour = _COLOURS[found.severity]
    yield ink.paint(f"{found.severity}[{found.code}]", colour) + f": {printable(found.message)}"
    spots = (located.spot, *located.labels)
    margin = max((len(str(spot.span.line)) for spot in spots if spot.span), default=1)
    bar = ink.paint(f"{' ' * margin} |", _BLUE)
    yield from _excerpt(located.spot, "-->", margin, ink, colour)
    for label in located.labels:
        yield from _excerpt(label, ":::", margin, ink, _BLUE)
    if found.notes or found.help:
        equals = ink.paint(f"{' ' * margin} =", _BLUE)
        if located.spot.line is None and not located.labels:
            yield bar
        for note in found.notes:
            yield f"{equals} note: {_hanging(note, margin)}"
        if found.help:
            yield f"{equals} help: {_hanging(found.help, margin)}"


def _hanging(text: str, margin: int) -> str:
    """Return text whose further lines (a fix of several lines) stand under its first."""
    return f"\n{' ' * (margin + 9)}".join(map(printable, text.splitlines()))


def _excerpt(spot: Spot, arrow: str, margin: int, ink: _Ink, colour: str) -> Iterator[str]:
    place = printable(spot.file)
    if spot.span is not None:
        place += f":{spot.span.line}:{spot.span.column}"
    yield f"{' ' * margin}{ink.paint(arrow, _BLUE)} {place}"
    if spot.span is None or spot.line is None:
        if spot.text:
            yield f"{' ' * margin} {ink.paint('=', _BLUE)} {printable(spot.text)}"
        return
    bar = ink.paint(f"{' ' * margin} |", _BLUE)
    shown, start, end = _window(spot.line, *_part(spot))
    carets = ink.paint("^" * max(end - start, 1), colour)
    text = f" {printable(spot.text)}" if spot.text else ""
    yield bar
    yield f"{ink.paint(f'{spot.span.line:>{margin}} |', _BLUE)} {shown}".rstrip()
    yield f"{bar} {' ' * start}{carets}{text}"


def _part(spot: Spot) -> tuple[int, int]:
    """Return which part of the first line, in code points from 0, the spot covers."""
    line, span = spot.line or "", spot.span
    if span is None:
        return 0, 0
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    return start, max(start, min(end, len(line)))


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """Return the printed line, cut around the place where it is long, and the place in columns."""
    if len(line) > _LONGEST:
        first = max(0, min(start - 40, len(line) - _LONGEST))
        last = first + _LONGEST
        before, after = "…" if first else "", "…" if last < len(line) else ""
        line = f"{before}{line[first:last]}{after}"
        shift = len(before) - first
        start, end = start + shift, min(end + shift, len(line))
    left, right = columns(line, start, end)
    shown = printable(line)
    return shown, left, min(right, width(shown))
