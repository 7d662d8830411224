"""Findings as JSON, for tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from burgee_compiler.diagnostics.codes import CODES
from burgee_compiler.diagnostics.place import Located, Spot
from burgee_compiler.diagnostics.summary import counts

__all__ = ["docs_page", "json_form", "render_json"]


def docs_page(code: str) -> str:
    """Return the page of a code, from the root of Burgee's own repository."""
    return f"docs/reference/diagnostics/{code}.md"


def json_form(located: Located) -> dict[str, Any]:
    """Return one finding as plain data; lines and columns are null for a file as a whole."""
    found = located.diagnostic
    form: dict[str, Any] = {
        "code": found.code,
        "name": CODES[found.code].name,
        "severity": found.severity,
        "message": found.message,
        **_spot(located.spot),
        "labels": [{**_spot(label), "text": label.text} for label in located.labels],
        "notes": list(found.notes),
        "help": found.help,
        "subject": found.subject,
        "docs": docs_page(found.code),
    }
    if found.fix is not None:
        form["fix"] = {"text": found.fix.text}
        if found.fix.where is not None:
            form["fix"]["file"] = found.fix.where.file
    return form


def _spot(spot: Spot) -> dict[str, Any]:
    span = spot.span
    return {
        "file": spot.file,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
    }


def render_json(located: Sequence[Located]) -> str:
    """Return `{"findings": […], "summary": {…}}`, indented, in ASCII so that no text can break it.

    ASCII also keeps lone surrogates of a file's name printable.
    """
    form = {"findings": [json_form(each) for each in located], "summary": counts(located)}
    return json.dumps(form, indent=2) + "\n"
