"""Whether some text satisfies what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from burgee.instants import instant_of
from burgee.versions import Version, parse_version
from burgee_compiler.analysis.literals import AFFIXES, RELATIVE, TIMES, Literal, fold
from burgee_compiler.analysis.times import possible_age, possible_time

__all__ = ["implies", "possible_text", "possible_value"]

_MOST_LETTERS: Final = 6
_BLIND: Final = frozenset({"eq", "neq", "in", "nin", *AFFIXES})
"""Operators that, with ignore_case, say the same of texts that differ in ASCII case alone."""


def possible_value(value: object, literals: Sequence[Literal]) -> bool:
    """Return whether one scalar satisfies all, at some present."""
    if any(each.satisfied(value) is False for each in literals):
        return False
    relative = [each for each in literals if each.operator in RELATIVE]
    return not relative or instant_of(value) is None or possible_age(relative)


def possible_text(literals: Sequence[Literal], version: bool) -> bool:
    """Return False only where no text satisfies all; with `version`, no text that is one."""
    among = [each for each in literals if each.is_membership and each.is_among]
    exact = [each for each in among if not each.folds]
    if exact:
        fewest = min(exact, key=lambda each: len(each.constants))
        texts = (each for each in fewest.constants if isinstance(each, str))
        return any(possible_value(each, literals) for each in texts)
    if among:
        fewest = min(among, key=lambda each: len(each.constants))
        return any(_possible_in_some_case(each, literals) for each in fewest.parts)
    return _possible_in_general(literals, version)


def _possible_in_some_case(text: str, literals: Sequence[Literal]) -> bool:
    blind = [each for each in literals if each.folds and each.operator in _BLIND]
    if not possible_value(text, blind):
        return False
    return any(possible_value(each, literals) for each in _spellings(text)) or _is_long(text)


def _is_long(text: str) -> bool:
    return sum(each.upper() != each for each in text if each.isascii()) > _MOST_LETTERS


def _spellings(text: str) -> Iterator[str]:
    """Yield a folded text in every case; of a long one itself alone."""
    if _is_long(text):
        yield text
        return
    letters = ((each, each.upper()) if each.isascii() else (each,) for each in text)
    for spelling in product(*letters):
        yield "".join(spelling)


def _possible_in_general(literals: Sequence[Literal], version: bool) -> bool:
    wanted = [each for each in literals if each.positive and not each.is_membership]
    refused = [each for each in literals if not each.positive and not each.is_membership]
    for each in wanted:
        if any(implies(each, other) for other in refused):
            return False
        if any(_apart(each, other) for other in wanted):
            return False
    if any(_is_always(each) for each in refused):
        return False
    versions = [each for each in literals if each.operator.startswith("semver_")]
    if (version or any(each.positive for each in versions)) and not _possible_version(versions):
        return False
    timed = [each for each in literals if each.operator in TIMES]
    return not any(each.positive for each in timed) or possible_time(timed)


def _is_always(literal: Literal) -> bool:
    return literal.operator in AFFIXES and "" in literal.parts


def implies(one: Literal, other: Literal) -> bool:
    """Return True only where every text of which `one` holds is one of which `other` does."""
    if other.operator == "cidr":
        return one.operator == "cidr" and all(
            any(_within(small, large) for large in other.networks) for small in one.networks
        )
    if other.operator == "regex":
        same = one.operator == "regex" and one.folds is other.folds
        return same and set(one.constants) <= set(other.constants)
    if other.operator not in AFFIXES or one.operator not in AFFIXES:
        return False
    if one.folds and not other.folds:
        return False
    parts = [fold(each) for each in one.parts] if other.folds else one.parts
    return all(
        any(_part_implies(one.operator, part, other.operator, each) for each in other.parts)
        for part in parts
    )


def _part_implies(operator: str, part: str, other: str, wanted: str) -> bool:
    if other == "contains":
        return wanted in part
    if operator != other:
        return wanted == ""
    return part.startswith(wanted) if operator == "startswith" else part.endswith(wanted)


def _within(small: object, large: object) -> bool:
    return type(small) is type(large) and small.subnet_of(large)  # type: ignore[attr-defined]


def _apart(one: Literal, other: Literal) -> bool:
    """Return True only where no text satisfies both of two that are to hold."""
    if one.operator != other.operator:
        return False
    if one.operator == "cidr":
        return not any(
            _within(left, right) or _within(right, left)
            for left in one.networks
            for right in other.networks
        )
    if one.operator not in ("startswith", "endswith"):
        return False
    folds = one.folds or other.folds
    left, right = ([fold(part) if folds else part for part in each.parts] for each in (one, other))
    starts = one.operator == "startswith"
    return not any(_meet(first, second, starts) for first in left for second in right)


def _meet(first: str, second: str, starts: bool) -> bool:
    short, long = sorted((first, second), key=len)
    return long.startswith(short) if starts else long.endswith(short)


def _possible_version(literals: Sequence[Literal]) -> bool:
    """Return False only where no version satisfies all."""
    lowest: tuple[Version, bool] | None = None  # and whether it is itself left out
    highest: tuple[Version, bool] | None = None
    refused: set[Version] = set()
    for each in literals:
        bound = parse_version(each.constant)
        if bound is None:
            return True
        sign = each.operator if each.positive else _OPPOSITE[each.operator]
        if sign == "semver_neq":
            refused.add(bound)
        if sign in ("semver_gt", "semver_gte", "semver_eq"):
            low = (bound, sign == "semver_gt")
            lowest = low if lowest is None else max(lowest, low)
        if sign in ("semver_lt", "semver_lte", "semver_eq"):
            high = (bound, sign == "semver_lt")
            if highest is None or (high[0], not high[1]) < (highest[0], not highest[1]):
                highest = high
    if lowest is None or highest is None or lowest[0] < highest[0]:
        return True
    is_point = lowest[0] == highest[0] and not lowest[1] and not highest[1]
    return is_point and lowest[0] not in refused


_OPPOSITE: Final = {
    "semver_eq": "semver_neq",
    "semver_gt": "semver_lte",
    "semver_gte": "semver_lt",
    "semver_lt": "semver_gte",
    "semver_lte": "semver_gt",
}
