"""B218: `levels:` of burgee.yaml names findings that exist and may have that level."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.diagnostics import CODES, Diagnostic, Where, diagnostic, level_problem
from burgee_compiler.model.files import Burgee

__all__ = ["check_levels"]


def check_levels(burgee: Burgee) -> Iterator[Diagnostic]:
    """Report unknown codes, and levels that a code cannot have."""
    for code, level in burgee.levels.items():
        problem = level_problem(code, level)
        if problem is None:
            continue
        cure = "remove the line" if code in CODES else "`burgee check` shows a finding's code"
        where = Where("burgee.yaml", ("levels", code), "key")
        yield diagnostic("B218", problem, where, help=cure)
