"""Promise: new weights move as few slots as arithmetic allows, in the order the design gives."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from burgee_compiler.allocate import Ranges, canonical_ranges, exact_slots, least_move
from support.slow_evaluator import tables

SLOTS = 100_000
ARMS = ("a", "b", "c", "ü", "Z")
WEIGHTS = st.dictionaries(
    st.sampled_from(ARMS),
    st.decimals(0, 1000, places=3) | st.integers(0, 50).map(Decimal),
    min_size=1,
).filter(lambda weights: any(weights.values()))


@st.composite
def _bases(draw: st.DrawFn) -> Ranges:
    """Draw a table: any arms, some of them gone from every split, and perhaps slots of no one."""
    borders = draw(st.sets(st.integers(1, SLOTS - 1), max_size=8))
    points = [0, *sorted(borders), SLOTS]
    owners = st.sampled_from([*ARMS, "gone", None])
    ranges: dict[str, list[tuple[int, int]]] = {}
    for start, end in pairwise(points):
        owner = draw(owners)
        if owner is not None:
            ranges.setdefault(owner, []).append((start, end))
    return {arm: tuple(spans) for arm, spans in ranges.items()}


def _spans(ranges: Ranges) -> tables.Ranges:
    return tuple(sorted((a, b, arm) for arm, spans in ranges.items() for a, b in spans))


def _owner_of_each_slot(ranges: Ranges) -> list[str | None]:
    owners: list[str | None] = [None] * SLOTS
    for start, end, arm in _spans(ranges):
        assert owners[start:end] == [None] * (end - start), "two arms have one slot"
        owners[start:end] = [arm] * (end - start)
    return owners


def _counts(ranges: Ranges) -> dict[str, int]:
    return {arm: sum(end - start for start, end in spans) for arm, spans in ranges.items()}


@given(WEIGHTS)
def test_exact_slots_are_the_largest_remainders(weights: dict[str, Decimal]) -> None:
    found = exact_slots(weights)
    assert found == tables.shares(weights)
    assert sum(found.values()) == SLOTS
    assert _spans(canonical_ranges(weights)) == tables.canonical(tuple(sorted(weights.items())))


@settings(max_examples=40)
@given(_bases(), WEIGHTS)
def test_the_algorithm_is_the_definition(base: Ranges, weights: dict[str, Decimal]) -> None:
    """Range by range in the product, slot by slot in the second reading: the same table."""
    moved = least_move(base, weights)
    assert _spans(moved) == tables.least_move(_spans(base), tuple(sorted(weights.items())))


@settings(max_examples=40)
@given(_bases(), WEIGHTS)
def test_as_few_slots_move_as_arithmetic_allows(base: Ranges, weights: dict[str, Decimal]) -> None:
    moved = least_move(base, weights)
    wanted = {arm: count for arm, count in exact_slots(weights).items() if count}
    assert _counts(moved) == wanted
    before, after = _owner_of_each_slot(base), _owner_of_each_slot(moved)
    have = _counts(base)
    least = sum(max(0, count - have.get(arm, 0)) for arm, count in wanted.items())
    assert sum(old != new for old, new in zip(before, after, strict=True)) == least


@given(_bases(), WEIGHTS)
def test_moving_again_moves_no_one(base: Ranges, weights: dict[str, Decimal]) -> None:
    moved = least_move(base, weights)
    assert least_move(moved, weights) == moved


@given(WEIGHTS, WEIGHTS)
def test_from_a_canonical_table_going_back_gives_it_back(
    one: dict[str, Decimal], other: dict[str, Decimal]
) -> None:
    canonical = canonical_ranges(one)
    assert least_move(least_move(canonical, other), one) == canonical


def test_ranges_stay_half_open_and_merged() -> None:
    base: Ranges = {"a": ((0, 10), (10, SLOTS))}
    assert least_move(base, {"a": Decimal(1)}) == {"a": ((0, SLOTS),)}
