"""Slots and bucket tables, from the words of the design: one loop over all slots where need be."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import xxhash

from burgee_compiler.model.distribution import Moving

__all__ = [
    "SLOTS",
    "Ranges",
    "Weights",
    "canonical",
    "least_move",
    "shares",
    "slot_of",
    "threshold",
]

SLOTS = 100_000
Weights = tuple[tuple[str, Decimal], ...]
Ranges = tuple[tuple[int, int, str], ...]
"""Half-open ranges and the arm that has them, ascending; neighbours of one arm are one range."""


def slot_of(tenant: str, salt: str, unit: str) -> int:
    """Return a unit's slot."""
    number = xxhash.xxh3_64_intdigest(f"{tenant}/{salt}/{unit}".encode(), seed=0)
    return (number * SLOTS) >> 64


def threshold(percentage: int | Moving, now: int) -> int:
    """Return how many slots a gate admits at an instant: floor(percent x 1000), exactly."""
    if isinstance(percentage, int):
        return percentage
    if now <= percentage.start:
        return percentage.from_
    if now >= percentage.end:
        return percentage.to
    gone = Fraction(now - percentage.start, percentage.end - percentage.start)
    exact = percentage.from_ + (percentage.to - percentage.from_) * gone
    return exact.numerator // exact.denominator


def shares(weights: Mapping[str, Decimal]) -> dict[str, int]:
    """Return how many slots each arm gets, by largest remainder; ties to the earlier arm."""
    arms = sorted(weights)
    total = sum((Fraction(weights[arm]) for arm in arms), Fraction(0))
    exact = {arm: Fraction(weights[arm]) * SLOTS / total for arm in arms}
    whole = {arm: exact[arm].numerator // exact[arm].denominator for arm in arms}
    left = SLOTS - sum(whole.values())
    for arm in sorted(arms, key=lambda arm: (-(exact[arm] - whole[arm]), arm))[:left]:
        whole[arm] += 1
    return whole


def canonical(weights: Weights) -> Ranges:
    """Return the table of arms one after the other, in the order of their names."""
    wanted = shares(dict(weights))
    ranges: list[tuple[int, int, str]] = []
    start = 0
    for arm in sorted(wanted):
        if wanted[arm]:
            ranges.append((start, start + wanted[arm], arm))
            start += wanted[arm]
    return tuple(ranges)


def _owners(ranges: Ranges) -> list[str | None]:
    owners: list[str | None] = [None] * SLOTS
    for start, end, arm in ranges:
        owners[start:end] = [arm] * (end - start)
    return owners


def _ranges(owners: list[str | None]) -> Ranges:
    found: list[tuple[int, int, str]] = []
    start = 0
    for slot in range(1, SLOTS + 1):
        if slot == SLOTS or owners[slot] != owners[start]:
            arm = owners[start]
            assert arm is not None
            found.append((start, slot, arm))
            start = slot
    return tuple(found)


@lru_cache(maxsize=4096)
def least_move(before: Ranges, weights: Weights) -> Ranges:
    """Return the table for `weights` that moves as few slots of `before` as arithmetic allows."""
    owners = _owners(before)
    wanted = shares(dict(weights))
    ideal = _owners(canonical(weights))
    surplus: dict[str | None, int] = {}
    for owner in owners:
        surplus[owner] = surplus.get(owner, 0) + 1
    need = {arm: wanted[arm] - surplus.get(arm, 0) for arm in wanted}
    for owner in surplus:
        # An arm that is gone, or a slot of nobody, wants nothing.
        surplus[owner] -= wanted.get(owner, 0) if owner is not None else 0
    for slot in reversed(range(SLOTS)):
        owner, better = owners[slot], ideal[slot]
        assert better is not None
        # A slot that no arm has is no shrinking arm's: it is free, and dealt in the second step.
        if owner is not None and surplus[owner] > 0 and need[better] > 0:
            owners[slot] = better
            surplus[owner] -= 1
            need[better] -= 1
    freed: dict[int, None] = {}
    for theirs in (False, True):
        for slot in reversed(range(SLOTS)):
            owner = owners[slot]
            if slot not in freed and (owner == ideal[slot]) is theirs and surplus.get(owner, 0) > 0:
                freed[slot] = None
                surplus[owner] -= 1
    dealt = iter(sorted(freed))
    for arm in sorted(need):
        for _ in range(need[arm]):
            owners[next(dealt)] = arm
    assert next(dealt, None) is None
    return _ranges(owners)
