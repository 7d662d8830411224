"""From what went wrong below to the refusal that the caller gets."""

from __future__ import annotations

from collections.abc import Iterable

from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.place import place
from burgee_compiler.diagnostics.render_json import json_form
from burgee_compiler.edit import AliasInTheWay, Unreadable
from burgee_compiler.layout import ROOT_FILE
from burgee_compiler.writes import WriteRefusedError
from burgee_writer.git.branch import Unknown
from burgee_writer.tips.tip import Tip
from burgee_writer.writing.judging import Judged
from burgee_writer.writing.refusals import WriteRefused

__all__ = ["invalid", "not_editable", "outcome_unknown", "told"]


def not_editable(error: WriteRefusedError) -> WriteRefused:
    """Return the refusal of an edit that a file does not take."""
    code = "not_editable"
    if isinstance(error.refused, AliasInTheWay):
        code = "aliased"
    elif isinstance(error.refused, Unreadable):
        code = "unreadable"
    return WriteRefused(code, error.message, help=error.help)


def invalid(judged: Judged, tenant: str) -> WriteRefused:
    """Return the refusal of a write that adds errors; those of another tenant are not shown."""
    own = [each for each in judged.errors if _is_of(each, tenant)]
    if not own:
        return WriteRefused(
            "conflict", "The change conflicts with what is not yours to see.", help="ask an admin"
        )
    count = "an error" if len(own) == 1 else f"{len(own)} errors"
    return WriteRefused(
        "invalid", f"The change would add {count}: {own[0].message}.", told(judged.head, own)
    )


def outcome_unknown(published: Unknown, commit: str) -> WriteRefused:
    """Return what is said where nobody knows whether a push arrived."""
    return WriteRefused(
        "outcome_unknown",
        f"It is not known whether the change arrived: {published.message}",
        {"outcome": "unknown", "commit": commit},
        help="make the same call again with the same Idempotency-Key",
    )


def told(tip: Tip, found: Iterable[Diagnostic]) -> dict[str, object]:
    """Return findings as `burgee check --json` tells them."""

    def read(path: str) -> bytes | None:
        try:
            return tip.files.read(path)
        except OSError:
            return None

    return {"findings": [json_form(each) for each in place(found, read)]}


def _is_of(found: Diagnostic, tenant: str) -> bool:
    return found.where.file == ROOT_FILE or found.where.file.startswith(f"{tenant}/")
