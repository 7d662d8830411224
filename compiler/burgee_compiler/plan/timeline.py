"""What a flag will change by itself, and whom that moves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from burgee.evaluation.shares import TooManyCells
from burgee.instants import format_instant
from burgee.snapshot.forms import FlagForm
from burgee_compiler.plan.groups import TooManyGroups, groups_of
from burgee_compiler.plan.instants import instants_of
from burgee_compiler.plan.report import Share, Step
from burgee_compiler.plan.side import Side
from burgee_compiler.words.differences import differences

__all__ = ["timeline"]

_MOST_STEPS = 24


def timeline(side: Side, now: int) -> Iterator[Step]:
    """Yield the steps to come, in order; steps that change nothing are left out."""
    later = sorted(each for each in instants_of(side.form) if each > now)
    for at in later[:_MOST_STEPS]:
        what = [each.text for each in differences(side.at(at - 1), side.at(at))]
        what += _begins(side.form, at)
        moved = _moved(side, at - 1, at)
        if what or moved:
            yield Step(format_instant(at), None, tuple(what), moved)
    for start, end, text in _moving(side.form, now):
        moved = _moved(side, max(start, now), end)
        yield Step(format_instant(max(start, now)), format_instant(end), (text,), moved)


def _begins(form: FlagForm, at: int) -> Iterator[str]:
    names: dict[str, None] = {}
    for phase in form.phases:
        for rule in phase.rules:
            for instant, word in ((rule.starts, "begins"), (rule.ends, "ends")):
                if instant == at:
                    names[f"rule {rule.name} {word}"] = None
    yield from names


def _moving(form: FlagForm, now: int) -> Iterator[tuple[int, int, str]]:
    found: dict[tuple[int, int, str], None] = {}
    for phase in form.phases:
        outcomes = [("default", phase.default), *((f"rule {r.name}", r) for r in phase.rules)]
        for name, outcome in outcomes:
            moving = None if outcome.gate is None else outcome.gate.moving
            if moving is not None and moving[3] > now:
                shown = f"{name}: percentage {moving[0] / 1000:g} → {moving[1] / 1000:g} %"
                found[moving[2], moving[3], f"{shown}, a little at a time"] = None
    yield from sorted(found)


def _moved(side: Side, one: int, other: int) -> Share | None:
    flag = side.atomic()
    try:
        groups = groups_of((flag, one), (flag, other))
    except (TooManyGroups, TooManyCells):
        return None
    return Share.of(max((each.moved for each in groups), default=Fraction(0)))
