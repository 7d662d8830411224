"""Bucket tables: from weights to slots, and from one table to the next with the least movement."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from operator import itemgetter

from msgspec import Struct

from burgee.buckets import SLOTS

__all__ = [
    "Ranges",
    "canonical_ranges",
    "exact_slots",
    "least_move",
    "least_moved",
    "moved",
    "slot_counts",
    "transfers",
]

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
    have = {arm: sum(end - start for start, end in base.get(arm, ())) for arm in need}
    pieces = _pieces(base, canonical_ranges(weights))
    pieces = _to_canonical_owner(pieces, have, need)
    for theirs in (False, True):
        pieces = _give_up(pieces, have, need, theirs=theirs)
    return _ranges(_deal(pieces, have, need))


def slot_counts(ranges: Ranges) -> dict[str, int]:
    """Return how many slots each arm has; arms without any are left out."""
    counts = {arm: sum(end - start for start, end in spans) for arm, spans in ranges.items()}
    return {arm: count for arm, count in counts.items() if count}


def transfers(before: Ranges, after: Ranges) -> dict[tuple[str | None, str | None], int]:
    """Return how many slots go from which arm to which, those that stay left out.

    None stands for no arm, where a table does not give away all slots.
    """
    found: dict[tuple[str | None, str | None], int] = {}
    for piece in _pieces(before, after):
        if piece.owner != piece.rightful:
            way = piece.owner, piece.rightful
            found[way] = found.get(way, 0) + piece.end - piece.start
    return found


def moved(before: Ranges, after: Ranges) -> int:
    """Return how many slots change hands from one table to another."""
    return sum(transfers(before, after).values())


def least_moved(before: Ranges, weights: Mapping[str, Decimal]) -> int:
    """Return how many slots must change hands, whatever is done, to get to the weights."""
    have = slot_counts(before)
    return sum(max(0, need - have.get(arm, 0)) for arm, need in exact_slots(weights).items())


class _Piece(Struct, frozen=True):
    """Slots [start, end) that one arm has, or none, and one has in the canonical table."""

    start: int
    end: int
    owner: str | None
    rightful: str | None

    def cut(self, slot: int, *, below: str | None, above: str | None) -> list[_Piece]:
        """Return the piece as two with these owners, cut at `slot`; empty ones are left out."""
        halves = [
            _Piece(self.start, slot, below, self.rightful),
            _Piece(slot, self.end, above, self.rightful),
        ]
        return [half for half in halves if half.start < half.end]


def _pieces(base: Ranges, canonical: Ranges) -> list[_Piece]:
    """Return all slots, ascending, cut wherever one of two tables has a border."""
    sides = [
        sorted((*span, arm) for arm in table for span in table[arm]) for table in (base, canonical)
    ]
    cuts = {0, SLOTS, *(cut for side in sides for start, end, _ in side for cut in (start, end))}
    return [
        _Piece(start, end, _owner(sides[0], start), _owner(sides[1], start))
        for start, end in pairwise(sorted(cuts))
    ]


def _owner(spans: list[tuple[int, int, str]], slot: int) -> str | None:
    index = bisect_right(spans, slot, key=itemgetter(0)) - 1
    return spans[index][2] if index >= 0 and slot < spans[index][1] else None


def _to_canonical_owner(
    pieces: list[_Piece], have: dict[str, int], need: Mapping[str, int]
) -> list[_Piece]:
    """Highest slot first, a shrinking arm's slot goes to its canonical owner where that grows."""
    found: list[_Piece] = []
    for piece in reversed(pieces):
        owner, rightful = piece.owner, piece.rightful
        count = 0
        if owner is not None and rightful is not None and owner != rightful:
            wanted = min(have[owner] - need[owner], need[rightful] - have[rightful])
            count = max(0, min(piece.end - piece.start, wanted))
            have[owner] -= count
            have[rightful] += count
        found += reversed(piece.cut(piece.end - count, below=owner, above=rightful))
    return found[::-1]


def _give_up(
    pieces: list[_Piece], have: dict[str, int], need: Mapping[str, int], *, theirs: bool
) -> list[_Piece]:
    """Free what shrinking arms have too many, highest first, where it is `theirs` canonically."""
    found: list[_Piece] = []
    for piece in reversed(pieces):
        owner = piece.owner
        count = 0
        if owner is not None and (owner == piece.rightful) is theirs:
            count = max(0, min(piece.end - piece.start, have[owner] - need[owner]))
            have[owner] -= count
        found += reversed(piece.cut(piece.end - count, below=owner, above=None))
    return found[::-1]


def _deal(
    pieces: list[_Piece], have: dict[str, int], need: Mapping[str, int]
) -> Iterator[tuple[int, int, str]]:
    """Deal free slots, ascending, to growing arms in name order, each its whole need."""
    growing = sorted(arm for arm in need if have[arm] < need[arm])
    for piece in pieces:
        start = piece.start
        while piece.owner is None and start < piece.end:
            arm = growing[0]
            count = min(piece.end - start, need[arm] - have[arm])
            yield start, start + count, arm
            start += count
            have[arm] += count
            if have[arm] == need[arm]:
                growing.pop(0)
        if piece.owner is not None:
            yield piece.start, piece.end, piece.owner


def _ranges(spans: Iterable[tuple[int, int, str]]) -> Ranges:
    """Return ascending spans by arm, neighbours of one arm as one range."""
    found: dict[str, list[tuple[int, int]]] = {}
    for start, end, arm in spans:
        of_arm = found.setdefault(arm, [])
        if of_arm and of_arm[-1][1] == start:
            of_arm[-1] = (of_arm[-1][0], end)
        else:
            of_arm.append((start, end))
    return {arm: tuple(found[arm]) for arm in sorted(found)}
