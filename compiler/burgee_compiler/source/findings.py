"""Collects what the reader finds wrong with a text, and makes diagnostics of it."""

from __future__ import annotations

import msgspec

from burgee_compiler.diagnostics.diagnostic import Diagnostic, Label, Where, diagnostic
from burgee_compiler.source.lines import Lines

__all__ = ["MOST", "Enough", "Findings"]

MOST = 100  # findings of one file; whoever has more has one cause for them


class Enough(Exception):
    """Reading stops here: what follows cannot be trusted, or nobody would read it."""


class _Found(msgspec.Struct, frozen=True):
    code: str
    offset: int
    message: str
    help: str
    label: tuple[int, str] | None


class Findings:
    """The findings of one text, by offset; lines and columns are computed once, at the end."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[_Found] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(
        self,
        code: str,
        offset: int,
        message: str,
        cure: str,
        label: tuple[int, str] | None = None,
    ) -> None:
        """Note a finding at an offset in code points; `label` is a further place and its text."""
        self._found.append(_Found(code, offset, message, cure, label))
        if len(self._found) >= MOST:
            raise Enough

    def diagnostics(self, text: str, path: str) -> list[Diagnostic]:
        """Return the findings in the order of the text."""
        lines = Lines(text)
        found = sorted(self._found, key=lambda each: each.offset)
        made = [_diagnostic(each, lines, path) for each in found]
        if len(made) >= MOST:
            note = f"reading stopped after {MOST} findings in this file"
            made[-1] = msgspec.structs.replace(made[-1], notes=(note,))
        return made


def _diagnostic(found: _Found, lines: Lines, path: str) -> Diagnostic:
    labels: tuple[Label, ...] = ()
    if found.label is not None:
        labels = (Label(_where(found.label[0], lines, path), found.label[1]),)
    where = _where(found.offset, lines, path)
    return diagnostic(found.code, found.message, where, labels=labels, help=found.help)


def _where(offset: int, lines: Lines, path: str) -> Where:
    # libyaml notices what is missing at the end only there; the last word is the better place.
    if offset >= len(lines.text):
        offset = len(lines.text.rstrip())
    line, column = lines.place(offset)
    return Where(path, line=line, column=column)
