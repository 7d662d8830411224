"""Ranges that several claim: overlaps found in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from burgee.buckets import SLOTS
from burgee_compiler.checks.walk import Path

__all__ = ["Claim", "free_ranges", "overlaps", "percent"]


class Claim(Struct, frozen=True):
    """A half-open range of slots, whose it is, and where it is written."""

    start: int
    end: int
    owner: str
    path: Path


def overlaps(claims: Iterable[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Yield pairs of claims that share slots: each with the furthest one that begins before it."""
    furthest: Claim | None = None
    for claim in sorted(claims, key=lambda each: (each.start, each.end, each.owner)):
        if furthest is not None and claim.start < furthest.end:
            yield furthest, claim
        if furthest is None or claim.end > furthest.end:
            furthest = claim


def free_ranges(claims: Iterable[Claim]) -> list[tuple[int, int]]:
    """Return the ranges of all slots that nobody claims."""
    free: list[tuple[int, int]] = []
    position = 0
    for claim in sorted(claims, key=lambda each: each.start):
        if claim.start > position:
            free.append((position, claim.start))
        position = max(position, claim.end)
    if position < SLOTS:
        free.append((position, SLOTS))
    return free


def percent(slots: int) -> str:
    """Return a number of slots, or a place among them, in percent."""
    return f"{slots / 1000:.3f}".rstrip("0").rstrip(".")
