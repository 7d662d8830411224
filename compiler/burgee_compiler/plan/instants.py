"""When a flag changes by itself."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from burgee.snapshot.forms import FlagForm

__all__ = ["instants_of", "stretches"]


def instants_of(form: FlagForm | None) -> set[int]:
    """Return every instant at which what a flag serves changes, or changes its pace.

    Between two of them a moving gate is linear, so nothing is larger inside than at both ends.
    """
    found: set[int] = set()
    for phase in () if form is None else form.phases:
        if phase.at is not None:
            found.add(phase.at)
        for outcome in (phase.default, *phase.rules):
            if outcome.gate is not None and outcome.gate.moving is not None:
                found.update(outcome.gate.moving[2:])
        for rule in phase.rules:
            found.update(each for each in (rule.starts, rule.ends) if each is not None)
    return found


def stretches(instants: Iterable[int], now: int) -> list[tuple[int, int | None]]:
    """Return the instants after `now`, each with the one that follows it."""
    later = sorted(each for each in instants if each > now)
    return [*pairwise(later), *((each, None) for each in later[-1:])]
