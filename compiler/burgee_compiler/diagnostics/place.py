"""Gives findings their lines and columns, and the text of the lines, for whoever prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from burgee_compiler.diagnostics.diagnostic import Diagnostic, Where
from burgee_compiler.source.locate import Places
from burgee_compiler.source.tree import Span

__all__ = ["Located", "Spot", "below", "place"]

_YAML: Final = (".yaml", ".yml")
_LARGEST: Final = 1 << 20  # larger YAML was not read for its fields, so no path leads into it


class Spot(msgspec.Struct, frozen=True):
    """A place with its span and the text of its first line; both None for a file as a whole."""

    file: str
    span: Span | None = None
    line: str | None = None
    text: str = ""  # of a label


class Located(msgspec.Struct, frozen=True):
    """A finding that is ready to be printed."""

    diagnostic: Diagnostic
    spot: Spot
    labels: tuple[Spot, ...] = ()


def place(diagnostics: Iterable[Diagnostic], read: Callable[[str], bytes | None]) -> list[Located]:
    """Return the findings with their places, sorted by place.

    `read` gives the bytes of a file by its name in the findings, None where it has none. Each file
    is read and parsed once.
    """
    files = _Files(read)
    located = [
        Located(
            each,
            files.spot(each.where),
            tuple(files.spot(label.where, label.text) for label in each.labels),
        )
        for each in diagnostics
    ]
    return sorted(located, key=_order)


def below(folder: str, located: Sequence[Located]) -> list[Located]:
    """Return the findings with files named from above: `folder` leads to the flag repository."""
    if not folder:
        return list(located)

    def moved(spot: Spot) -> Spot:
        return msgspec.structs.replace(spot, file=f"{folder}/{spot.file}")

    return [
        Located(each.diagnostic, moved(each.spot), tuple(map(moved, each.labels)))
        for each in located
    ]


def _order(located: Located) -> tuple[str, int, int, str, str]:
    span = located.spot.span
    line, column = (span.line, span.column) if span else (0, 0)
    return located.spot.file, line, column, located.diagnostic.code, located.diagnostic.message


class _Files:
    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._places: dict[str, Places | None] = {}

    def spot(self, where: Where, text: str = "") -> Spot:
        by_path = where.line is None
        if by_path and not where.path and not where.file.endswith(_YAML):
            return Spot(where.file, text=text)
        places = self._of(where.file)
        if places is None or (by_path and len(places.lines.text) > _LARGEST):
            return Spot(where.file, _known(where), text=text)
        span = places.span(where)
        return Spot(where.file, span, places.lines.line(span.line), text)

    def _of(self, file: str) -> Places | None:
        if file not in self._places:
            content = self._read(file)
            self._places[file] = None if content is None else Places(content)
        return self._places[file]


def _known(where: Where) -> Span | None:
    if where.line is None:
        return None
    column = where.column or 1
    return Span(where.line, column, where.line, column)
