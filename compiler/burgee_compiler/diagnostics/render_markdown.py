"""Findings as Markdown, for the comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from burgee_compiler.diagnostics.place import Located
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.diagnostics.summary import summary

__all__ = ["code_span", "escaped", "render_markdown"]

_MARKS: Final = re.compile(r"([\\`*_\[\]<>|~&])")


def render_markdown(located: Sequence[Located]) -> str:
    """Return a table of the findings under their summary."""
    heading = f"**{summary(located)}**\n"
    if not located:
        return heading
    rows = "".join(f"{_row(each)}\n" for each in located)
    return f"{heading}\n| | where | finding |\n|---|---|---|\n{rows}"


def _row(located: Located) -> str:
    found, span = located.diagnostic, located.spot.span
    place = located.spot.file if span is None else f"{located.spot.file}:{span.line}:{span.column}"
    parts = [escaped(found.message), *(f"note: {escaped(note)}" for note in found.notes)]
    if found.help:
        parts.append(f"help: {escaped(found.help)}")
    return f"| {found.severity} {found.code} | {code_span(place)} | {'<br>'.join(parts)} |"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it stands: no links, mentions, HTML or table cells."""
    lines = (_MARKS.sub(r"\\\1", printable(line)) for line in text.splitlines())
    # A backslash does not keep GitHub from notifying @somebody; an empty comment does.
    return "<br>".join(lines).replace("@", "@<!-- -->")


def code_span(text: str) -> str:
    """Return a code span for a table, whatever backquotes and bars the text holds."""
    return f"`{printable(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"
