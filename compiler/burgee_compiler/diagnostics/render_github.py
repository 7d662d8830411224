"""Findings as GitHub workflow commands, which become annotations on the lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from burgee_compiler.diagnostics.codes import CODES, Severity
from burgee_compiler.diagnostics.place import Located

__all__ = ["render_github"]

_COMMANDS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning"}


def render_github(located: Sequence[Located]) -> str:
    """Return a line for each finding."""
    return "".join(f"{_command(each)}\n" for each in located)


def _command(located: Located) -> str:
    found, span = located.diagnostic, located.spot.span
    fields = {"file": located.spot.file}
    if span is not None:
        fields["line"] = str(span.line)
        fields["col"] = str(span.column)
        if span.end_line == span.line:  # GitHub drops columns of what goes over several lines
            fields["endColumn"] = str(max(span.end_column, span.column + 1))
    fields["title"] = f"{found.code} {CODES[found.code].name}"
    shown = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    parts = [found.message, *(f"note: {note}" for note in found.notes)]
    if found.help:
        parts.append(f"help: {found.help}")
    return f"::{_COMMANDS.get(found.severity, 'notice')} {shown}::{_data(chr(10).join(parts))}"


def _data(text: str) -> str:
    """Escape a message: a raw line break would end the command and could begin another."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
