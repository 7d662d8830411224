"""Whether some number satisfies what is asked of it: between constants all numbers are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import floor
from typing import Any, Final

from burgee_compiler.analysis.literals import TIMES, Literal, kind_of
from burgee_compiler.analysis.times import possible_time

__all__ = ["possible_number"]

_MOST: Final = 500


def possible_number(literals: Sequence[Literal], integral: bool) -> bool:
    """Return False only where no number, or no whole one, satisfies all."""
    # Times read a number's decimals, comparisons its binary fraction: each by itself.
    timed = [each for each in literals if each.operator in TIMES]
    compared = [each for each in literals if each.operator not in TIMES]
    if timed and not possible_time(timed):
        return False
    candidates = _candidates(compared, integral)
    return candidates is None or any(
        all(each.satisfied(value) for each in compared) for value in candidates
    )


def _candidates(literals: Sequence[Literal], integral: bool) -> Iterator[Any] | None:
    """Return numbers of which one satisfies all if any does; None where they are too many."""
    listed = [each for each in literals if each.is_membership and each.is_among]
    if listed:
        fewest = min(listed, key=lambda each: len(each.constants))
        numbers = [each for each in fewest.constants if kind_of(each) == "number"]
        return (each for each in numbers if not integral or Fraction(each).denominator == 1)
    points = sorted(
        {
            Fraction(constant)
            for each in literals
            for constant in each.constants
            if kind_of(constant) == "number"
        }
    )
    if len(points) > _MOST:
        return None
    return _whole(points) if integral else _all(points)


def _all(points: list[Fraction]) -> Iterator[Fraction]:
    if not points:
        yield Fraction(0)
        return
    yield points[0] - 1
    for index, point in enumerate(points):
        yield point
        following = points[index + 1] if index + 1 < len(points) else point + 2
        yield (point + following) / 2


def _whole(points: list[Fraction]) -> Iterator[Fraction]:
    for point in points or [Fraction(0)]:
        for near in (floor(point) - 1, floor(point), floor(point) + 1):
            yield Fraction(near)
