"""One finding as a value: what is wrong, where, and what to do. Knows nothing of printing."""

from __future__ import annotations

from typing import Literal, TypedDict, Unpack

import msgspec

from burgee_compiler.diagnostics.codes import CODES, Severity

__all__ = ["Diagnostic", "Fix", "Label", "More", "Where", "diagnostic"]


class Where(msgspec.Struct, frozen=True):
    """A place in a file, by path; line and column are computed only when it is printed."""

    file: str  # repository-relative, forward slashes
    path: tuple[str | int, ...] = ()
    part: Literal["value", "key"] = "value"
    # For findings whose place is known already (syntax errors, CSV lines); both 1-based.
    line: int | None = None
    column: int | None = None


class Label(msgspec.Struct, frozen=True):
    """A further place that belongs to a finding, and what it has to do with it."""

    where: Where
    text: str


class Fix(msgspec.Struct, frozen=True):
    """Text that may replace what stands at `where` (left out: at the diagnostic's own place).

    A place without a path is the whole file; no text then means that the file should go.
    """

    text: str
    where: Where | None = None


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding."""

    code: str
    severity: Severity
    message: str  # one headline, names the thing
    where: Where
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None  # what to do
    fix: Fix | None = None
    subject: str | None = None  # what it is about: "acme/checkout.one-page"


class More(TypedDict, total=False):
    """The optional fields of a Diagnostic."""

    labels: tuple[Label, ...]
    notes: tuple[str, ...]
    help: str | None
    fix: Fix | None
    subject: str | None


def diagnostic(code: str, message: str, where: Where, **more: Unpack[More]) -> Diagnostic:
    """Make a finding with the severity that the table gives its code."""
    return Diagnostic(code, CODES[code].severity, message, where, **more)
