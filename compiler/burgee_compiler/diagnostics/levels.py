"""The `levels:` of burgee.yaml: findings raised to errors, lowered or switched off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from burgee_compiler.diagnostics.codes import CODES, Severity
from burgee_compiler.diagnostics.diagnostic import Diagnostic
from burgee_compiler.diagnostics.nearest import nearest

__all__ = ["apply_levels", "level_problem"]


def apply_levels(
    diagnostics: Iterable[Diagnostic], levels: Mapping[str, Severity]
) -> list[Diagnostic]:
    """Return the findings at their levels, without those that are off.

    What is an error by default stays one: there is no snapshot to build from it.
    """
    made = []
    for each in diagnostics:
        wanted = levels.get(each.code, each.severity)
        severity = each.severity if CODES[each.code].severity == "error" else wanted
        if severity == "off":
            continue
        if severity != each.severity:
            made.append(msgspec.structs.replace(each, severity=severity))
        else:
            made.append(each)
    return made


def level_problem(code: str, level: Severity) -> str | None:
    """Return what is wrong with one entry of `levels:`, or None."""
    known = CODES.get(code)
    if known is None:
        # Codes are too much alike to guess which one is meant; their names are not.
        codes = {each.name: each.code for each in CODES.values()}
        near = nearest(code, codes)
        meant = f'; did you mean {codes[near]}, "{near}"?' if near else ""
        if code.upper() in CODES:
            meant = f'; did you mean "{code.upper()}"?'
        return f'there is no finding "{code}"{meant}'
    if known.severity == "error" and level != "error":
        return f"{code} ({known.name}) is always an error: nothing can be built past it"
    return None
