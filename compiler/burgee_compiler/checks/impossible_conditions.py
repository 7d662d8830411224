"""B711: a condition can hold; one that contradicts itself is of a rule or segment for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final, TypeAlias

from burgee_compiler.analysis import never
from burgee_compiler.checks.declared_attributes import misfits
from burgee_compiler.checks.views import FlagView, SegmentView
from burgee_compiler.checks.walk import Path, nested, said
from burgee_compiler.diagnostics import Diagnostic, Label
from burgee_compiler.model.condition import Condition

__all__ = ["check_impossible_conditions"]

View: TypeAlias = FlagView | SegmentView
_MOST: Final = 20  # parts of which two are looked for that contradict each other


def check_impossible_conditions(view: View) -> Iterator[Diagnostic]:
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
                labels=_clash(view, place, when),
                help="write `any:` where one of several is enough, or mend what it asks for",
            )
        elif _never_as_declared(view, place, when):
            yield view.finding(
                "B711",
                "this condition never holds of what attributes.yaml declares",
                place,
                help="mend what it asks for, or the types and values in attributes.yaml",
            )


def _clash(view: View, path: Path, when: Condition) -> tuple[Label, ...]:
    """Return two parts of a condition that never hold together, where two are enough."""
    parts = tuple(enumerate(when.all or ()))[:_MOST]
    for (first, one), (second, other) in combinations(parts, 2):
        if never(Condition(all=(one, other))):
            texts = ("this part …", "… and this one never hold together")
            places = (view.where((*path, "all", index)) for index in (first, second))
            return tuple(Label(*each) for each in zip(places, texts, strict=True))
    return ()


def _never_as_declared(view: View, path: Path, when: Condition) -> bool:
    domains = view.tenant.domains
    return bool(domains) and never(when, domains) and not _misfit(view, path, when)


def _misfit(view: View, path: Path, when: Condition) -> bool:
    """Return whether a part of a condition is a finding by itself, which says more."""
    return any(True for place, each in nested(path, when) for _ in misfits(view, place, each))
