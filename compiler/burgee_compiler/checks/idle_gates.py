"""B716: a gate lets some in and keeps some out, somewhere or at some time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET, Struct

from burgee.buckets import SLOTS
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path, rule_parts
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.distribution import Default

__all__ = ["check_idle_gates"]


def check_idle_gates(view: FlagView) -> Iterator[Diagnostic]:
    """Report gates of 0 and 100 that no environment and no schedule changes."""
    for path, rule in view.rules:
        if rule.percentage in (0, SLOTS) and _only(list(rule_parts(path, rule)), "percentage"):
            whom = f'the rule "{rule.name}"'
            yield _finding(view, whom, rule.percentage, (*path, "percentage"))
    default: Default = view.flag.default
    if default.percentage in (0, SLOTS) and _only(view.parts, "default"):
        yield _finding(view, "the default", default.percentage, ("default", "percentage"))


def _only(parts: Sequence[tuple[Path, Struct]], field: str) -> bool:
    """Return whether no part but the first says anything of a field."""
    return all(getattr(part, field, UNSET) is UNSET for _, part in parts[1:])


def _finding(view: FlagView, whom: str, percentage: Any, path: Path) -> Diagnostic:
    if percentage == 0:
        return view.finding(
            "B716",
            f"{whom} lets nobody in: its gate is 0",
            path,
            help="raise it, add a `schedule`, or remove what nobody gets",
        )
    return view.finding(
        "B716", f"{whom} has a gate of 100, which keeps nobody out", path, help="remove it"
    )
