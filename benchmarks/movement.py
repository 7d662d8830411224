"""How many users a change of weights moves, with a lock and without: exact, from the tables.

Without is what weights laid one after the other over one hash give, as other systems do it: the
canonical tables of both weights. Run: python -m benchmarks.movement
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from benchmarks._claims import Claim
from burgee.buckets import SLOTS
from burgee_compiler.allocate import (
    Ranges,
    canonical_ranges,
    least_move,
    least_moved,
    transfers,
)

Weights = Mapping[str, int]


class _Change(Struct, frozen=True):
    name: str
    before: Weights
    after: Weights
    without: Decimal
    """The figure that the field reports, in percent."""
    target: Decimal
    exposed: tuple[str, ...] = ()
    """Count only users in these arms before and after, as a share of those; left out: all."""


_CHANGES: Final = (
    _Change(
        "A/B/off from 10 to 20 %: exposed users whose arm flips",
        {"A": 5, "B": 5, "off": 90},
        {"A": 10, "B": 10, "off": 80},
        Decimal("49.5"),
        Decimal(0),
        ("A", "B"),
    ),
    _Change(
        "50/50 to 40/40/20: users moved",
        {"A": 50, "B": 50},
        {"A": 40, "B": 40, "C": 20},
        Decimal(30),
        Decimal(20),
    ),
    _Change(
        "one of three arms dropped: users moved",
        {"A": 33, "B": 33, "C": 34},
        {"A": 50, "B": 50},
        Decimal(51),
        Decimal(34),
    ),
)


def claims() -> list[Claim]:
    """Return a claim for each of the three changes."""
    return [_claim(change) for change in _CHANGES]


def _claim(change: _Change) -> Claim:
    before = canonical_ranges(_exact(change.before))
    without = _percent(change, before, canonical_ranges(_exact(change.after)))
    lock = least_move(before, _exact(change.after))
    with_lock = _percent(change, before, lock)
    fewest = sum(transfers(before, lock).values()) == least_moved(before, _exact(change.after))
    return Claim(
        name=change.name,
        figure=f"{without} % without a lock, {with_lock} % with it",
        target=f"{change.without} → {change.target} %",
        # The first figure was measured on a sample of users; the exact one lies within its error.
        met=with_lock == change.target
        and abs(without - change.without) <= Decimal("0.5")
        and fewest,
        note="the fewest that arithmetic allows" if fewest else "more than arithmetic asks for",
    )


def _exact(weights: Weights) -> dict[str, Decimal]:
    return {arm: Decimal(weight) for arm, weight in weights.items()}


def _percent(change: _Change, before: Ranges, after: Ranges) -> Decimal:
    ways = transfers(before, after)
    arms = change.exposed
    slots = sum(n for (old, new), n in ways.items() if not arms or (old in arms and new in arms))
    of = sum(end - start for arm in arms for start, end in before[arm]) if arms else SLOTS
    return (Decimal(slots * 100) / of).quantize(Decimal("0.1"))


def main() -> None:
    """Print each figure beside its target."""
    for each in claims():
        print(f"{'met' if each.met else 'not met':<8} {each.name}")
        print(f"         {each.figure}; target {each.target}; {each.note}")


if __name__ == "__main__":
    main()
