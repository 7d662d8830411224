"""Bucket tables: from weights to slots, and from one table to the next with the least movement."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from burgee.buckets import SLOTS

__all__ = ["Ranges", "canonical_ranges", "exact_slots", "least_move"]

Ranges = dict[str, tuple[tuple[int, int], ...]]
"""Half-open ranges of slots by arm; arms without slots are left out."""


def exact_slots(weights: Mapping[str, Decimal]) -> dict[str, int]:
    """Return how many slots each arm gets: largest remainder, ties to the earlier name.

    Arms are in code-point order of their names; the numbers sum to 100,000.
    """
    total = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    ideal = {arm: Fraction(weights[arm]) * SLOTS / total for arm in sorted(weights)}
    slots = {arm: int(share) for arm, share in ideal.items()}
    left = SLOTS - sum(slots.values())
    by_remainder = sorted(ideal, key=lambda arm: (slots[arm] - ideal[arm], arm))
    for arm in by_remainder[:left]:
        slots[arm] += 1
    return slots


def canonical_ranges(weights: Mapping[str, Decimal]) -> Ranges:
    """Return the table that weights alone give: arms in name order, one range each."""
    ranges: Ranges = {}
    position = 0
    for arm, count in exact_slots(weights).items():
        if count:
            ranges[arm] = ((position, position + count),)
            position += count
    return ranges


def least_move(base: Ranges, weights: Mapping[str, Decimal]) -> Ranges:
    """Return `base` moved to new weights, with as few slots changing hands as arithmetic allows.

    An arm that `weights` does not name shrinks to nothing; slots that no arm has are free from
    the start. The order in which slots are given up and taken is the definition of design
    section 5 and decides the bytes.
    """
    need = {**dict.fromkeys(base, 0), **exact_slots(weights)}
    owners = _owners(base)
    canonical = _owners(canonical_ranges(weights))
    have = dict.fromkeys(need, 0)
    for owner in owners:
        if owner is not None:
            have[owner] += 1
    _to_canonical_owner(owners, canonical, have, need)
    _give_up(owners, canonical, have, need)
    _deal(owners, have, need)
    return _ranges(owners)


def _owners(ranges: Ranges) -> list[str | None]:
    owners: list[str | None] = [None] * SLOTS
    for arm, spans in ranges.items():
        for start, end in spans:
            owners[start:end] = [arm] * (end - start)
    return owners


def _to_canonical_owner(
    owners: list[str | None],
    canonical: list[str | None],
    have: dict[str, int],
    need: Mapping[str, int],
) -> None:
    """Highest slot first, a shrinking arm's slot goes to its canonical owner where that grows."""
    for slot in range(SLOTS - 1, -1, -1):
        owner, rightful = owners[slot], canonical[slot]
        if owner is None or rightful is None or owner == rightful:
            continue
        if have[owner] > need[owner] and have[rightful] < need[rightful]:
            owners[slot] = rightful
            have[owner] -= 1
            have[rightful] += 1


def _give_up(
    owners: list[str | None],
    canonical: list[str | None],
    have: dict[str, int],
    need: Mapping[str, int],
) -> None:
    """Free what shrinking arms have too many: first what is not canonically theirs."""
    for theirs in (False, True):
        for slot in range(SLOTS - 1, -1, -1):
            owner = owners[slot]
            if owner is None or have[owner] <= need[owner]:
                continue
            if (canonical[slot] == owner) is theirs:
                owners[slot] = None
                have[owner] -= 1


def _deal(owners: list[str | None], have: dict[str, int], need: Mapping[str, int]) -> None:
    """Deal free slots, ascending, to growing arms in name order, each its whole need."""
    growing = iter(sorted(arm for arm in need if have[arm] < need[arm]))
    arm = next(growing, None)
    for slot, owner in enumerate(owners):
        if owner is not None:
            continue
        while arm is not None and have[arm] >= need[arm]:
            arm = next(growing, None)
        if arm is None:
            return
        owners[slot] = arm
        have[arm] += 1


def _ranges(owners: list[str | None]) -> Ranges:
    cuts = [0, *(slot for slot in range(1, SLOTS) if owners[slot] != owners[slot - 1]), SLOTS]
    found: dict[str, list[tuple[int, int]]] = {}
    for start, end in pairwise(cuts):
        owner = owners[start]
        if owner is not None:
            found.setdefault(owner, []).append((start, end))
    return {arm: tuple(found[arm]) for arm in sorted(found)}
