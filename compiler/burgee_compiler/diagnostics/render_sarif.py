"""Findings as SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from burgee_compiler.diagnostics.codes import CODES, Code, Severity
from burgee_compiler.diagnostics.place import Located, Spot

__all__ = ["render_sarif"]

_LEVELS: Final[dict[Severity, str]] = {
    "error": "error",
    "warning": "warning",
    "note": "note",
    "off": "none",
}


def render_sarif(located: Sequence[Located], version: str | None = None) -> str:
    """Return a SARIF log of one run; `version` is the compiler's.

    Files are named as the findings name them: no path of a machine is in it.
    """
    driver: dict[str, Any] = {"name": "burgee", "rules": [_rule(each) for each in CODES.values()]}
    if version is not None:
        driver["version"] = version
    indexes = {code: index for index, code in enumerate(CODES)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, indexes[each.diagnostic.code]) for each in located],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    return {
        "id": code.code,
        "name": code.name,
        "shortDescription": {"text": f"{code.summary}."},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(located: Located, index: int) -> dict[str, Any]:
    found = located.diagnostic
    lines = [found.message, *(f"Note: {note}" for note in found.notes)]
    if found.help:
        lines.append(f"Help: {found.help}")
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": _LEVELS[found.severity],
        "message": {"text": "\n".join(lines)},
        "locations": [_location(located.spot)],
    }
    if located.labels:
        result["relatedLocations"] = [
            {"id": number, **_location(label), "message": {"text": label.text}}
            for number, label in enumerate(located.labels)
        ]
    return result


def _location(spot: Spot) -> dict[str, Any]:
    # A file's name may hold what a URI may not, even what is no UTF-8.
    uri = quote(spot.file, errors="surrogatepass")
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if spot.span is not None:
        place["region"] = {
            "startLine": spot.span.line,
            "startColumn": spot.span.column,
            "endLine": spot.span.end_line,
            "endColumn": spot.span.end_column,
        }
    return {"physicalLocation": place}
