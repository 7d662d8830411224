"""B711: a condition can hold; one that contradicts itself is of a rule or segment for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final, TypeAlias

from burgee_compiler.analysis import is_plain, never
from burgee_compiler.checks.declared_attributes import misfits
from burgee_compiler.checks.views import FlagView, SegmentView
from burgee_compiler.checks.walk import Path, nested, said
from burgee_compiler.diagnostics import Diagnostic, Label
from burgee_compiler.model.condition import Condition

__all__ = ["check_impossible_conditions"]

View: TypeAlias = FlagView | SegmentView
_EXCLUDING: Final = frozenset(("neq", "nin"))  # all the values that are declared, perhaps
_MOST: Final = 20  # parts of which two are looked for that contradict each other


def check_impossible_conditions(view: View) -> Iterator[Diagnostic]:
    """Report conditions that hold in no context."""
    parts = view.rule_parts if isinstance(view, FlagView) else view.parts
    for path, part in parts:
        when: Condition | None = said(part, "when")
        if when is None or (is_plain(when) and not _excludes(when)):
            continue  # what is impossible by itself is told by other checks
        if never(when, view.tenant.domains):
            yield from _finding(view, (*path, "when"), when)


def _excludes(when: Condition) -> bool:
    return any(not each.tests.keys().isdisjoint(_EXCLUDING) for each in when.all or (when,))


def _finding(view: View, place: Path, when: Condition) -> Iterator[Diagnostic]:
    if never(when):
        yield view.finding(
            "B711",
            "this condition never holds: what it asks for contradicts itself",
            place,
            labels=_clash(view, place, when),
            help="write `any:` where one of several is enough, or mend what it asks for",
        )
    elif not _misfit(view, place, when):
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


def _misfit(view: View, path: Path, when: Condition) -> bool:
    """Return whether a part of a condition is a finding by itself, which says more."""
    return any(True for place, each in nested(path, when) for _ in misfits(view, place, each))
