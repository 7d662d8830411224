"""B711: a condition can hold; one that contradicts itself is of a rule or segment for nobody."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.analysis import never
from burgee_compiler.checks.declared_attributes import misfits
from burgee_compiler.checks.views import FlagView, SegmentView
from burgee_compiler.checks.walk import Path, nested, said
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.condition import Condition

__all__ = ["check_impossible_conditions"]


def check_impossible_conditions(view: FlagView | SegmentView) -> Iterator[Diagnostic]:
    """Report conditions that hold in no context."""
    parts = view.rule_parts if isinstance(view, FlagView) else view.parts
    for path, part in parts:
        when: Condition | None = said(part, "when")
        if when is None:
            continue
        place = (*path, "when")
        if never(when):
            yield view.finding(
                "B711",
                "this condition never holds: what it asks for contradicts itself",
                place,
                help="write `any:` where one of several is enough, or mend what it asks for",
            )
        elif _never_as_declared(view, place, when):
            yield view.finding(
                "B711",
                "this condition never holds of what attributes.yaml declares",
                place,
                help="mend what it asks for, or the types and values in attributes.yaml",
            )


def _never_as_declared(view: FlagView | SegmentView, path: Path, when: Condition) -> bool:
    domains = view.tenant.domains
    return bool(domains) and never(when, domains) and not _misfit(view, path, when)


def _misfit(view: FlagView | SegmentView, path: Path, when: Condition) -> bool:
    """Return whether a part of a condition is a finding by itself, which says more."""
    return any(True for place, each in nested(path, when) for _ in misfits(view, place, each))
