"""B712, B713: each rule is reached by someone, in some environment and at some time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from burgee.buckets import SLOTS
from burgee.paths import TARGETING_KEY, canonical_path
from burgee_compiler.analysis import Subject, always, covered, never, subjects_of
from burgee_compiler.checks.standings import Standing
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path
from burgee_compiler.diagnostics import Diagnostic, Label
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.flag import Flag, Rule

__all__ = ["check_unreachable_rules"]

_MOST: Final = 20  # earlier rules that are held against one, the nearest first


class _Cause(Struct, frozen=True):
    """Why nobody reaches a rule: the rules before it, by index, and whether one takes everyone."""

    rules: tuple[int, ...]
    everyone: bool


class _Taker(Struct, frozen=True):
    """A rule that answers for all of whom its condition holds."""

    index: int
    when: Condition
    subjects: frozenset[Subject]


def check_unreachable_rules(view: FlagView) -> Iterator[Diagnostic]:
    """Report rules that nobody reaches, because rules before them answer."""
    if all(len(rules) < 2 for _, rules in view.rule_lists):
        return
    causes: dict[Path, _Cause] = {}
    reached: set[Path] = set()
    for standing in view.standings:
        for index, cause in enumerate(_causes(standing)):
            path = (*standing.rules, index)
            if cause is None:
                reached.add(path)
            else:
                causes.setdefault(path, cause)
        if len(reached) == len(view.rules):
            return
    for path, rule in view.rules:
        if path in causes and path not in reached:
            yield _finding(view, path, rule, causes[path])


def _finding(view: FlagView, path: Path, rule: Rule, cause: _Cause) -> Diagnostic:
    by_path = dict(view.rules)
    earlier = [((*path[:-1], index), by_path[*path[:-1], index]) for index in cause.rules]
    names = " and ".join(f'"{each.name}"' for _, each in earlier)
    takes = "takes" if len(earlier) == 1 else "take"
    whom = "everyone" if cause.everyone else "all of its users"
    return view.finding(
        "B713" if cause.everyone else "B712",
        f'nobody reaches the rule "{rule.name}": {names} before it {takes} {whom}',
        (*path, "name"),
        labels=tuple(
            Label(view.where((*place, "name")), f"{each.name} answers first")
            for place, each in earlier
        ),
        help="move it up, or remove it",
    )


def _causes(standing: Standing) -> Iterator[_Cause | None]:
    """Yield, for each rule in effect, why nobody reaches it; None where somebody may."""
    takers: list[_Taker] = []
    everyone: _Cause | None = None
    for index, rule in enumerate(standing.flag.rules):
        if everyone is not None:
            yield None if _is_draft(rule) else everyone
            continue
        yield None if _is_draft(rule) or not takers else _shadow(rule.when, takers)
        if not _takes_all(rule, standing.flag):
            continue
        if rule.when is None or always(rule.when):
            everyone = _Cause((index,), True)
        else:
            takers.append(_Taker(index, rule.when, subjects_of(rule.when)))


def _shadow(when: Condition | None, takers: Sequence[_Taker]) -> _Cause | None:
    if when is None:
        near = takers[-_MOST:]
    else:
        asked = subjects_of(when)
        near = [each for each in takers if not asked.isdisjoint(each.subjects)][-_MOST:]
        for taker in near:
            if covered(when, [taker.when]):
                return None if never(when) else _Cause((taker.index,), False)
    if len(near) > 1 and covered(when, [taker.when for taker in near]):
        return _Cause(tuple(taker.index for taker in near), False)
    return None


def _takes_all(rule: Rule, flag: Flag) -> bool:
    """Return whether nobody of whom the condition holds goes on to the next rule."""
    if rule.starts is not None or rule.ends is not None:
        return False
    if rule.percentage is not None and rule.percentage != SLOTS:
        return False
    if _is_draft(rule) or (rule.experiment is not None and rule.experiment.layer is not None):
        return False
    # Who has no unit is passed over, but for the targeting key: without it the answer is an error.
    return rule.serve.split is None or canonical_path(rule.by or flag.by) == TARGETING_KEY


def _is_draft(rule: Rule) -> bool:
    return rule.experiment is not None and rule.experiment.status == "draft"
