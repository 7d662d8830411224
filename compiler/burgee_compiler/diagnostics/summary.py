"""How many findings there are, in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from burgee_compiler.diagnostics.place import Located

__all__ = ["counts", "summary"]


def counts(located: Sequence[Located]) -> dict[str, int]:
    """Return the number of errors, warnings, notes, and files that have any."""
    by_severity = Counter(each.diagnostic.severity for each in located)
    return {
        "errors": by_severity["error"],
        "warnings": by_severity["warning"],
        "notes": by_severity["note"],
        "files": len({each.spot.file for each in located}),
    }


def summary(located: Sequence[Located]) -> str:
    """Return a line like `2 errors, 1 warning in 3 files`."""
    of = counts(located)
    parts = [
        _many(of[name], name.removesuffix("s"))
        for name in ("errors", "warnings", "notes")
        if of[name]
    ]
    if not parts:
        return "no findings"
    return f"{', '.join(parts)} in {_many(of['files'], 'file')}"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
