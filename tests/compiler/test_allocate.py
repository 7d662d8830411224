"""Promise: shares are exact, and tables worked out by hand come out as they should.

That any change of weights moves as little as can be is test_least_movement.py's.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burgee.buckets import SLOTS
from burgee_compiler.allocate import Ranges, canonical_ranges, exact_slots, least_move


def weights(**given_: str) -> dict[str, Decimal]:
    return {arm.replace("_", "-"): Decimal(weight) for arm, weight in given_.items()}


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (weights(a="50", b="50"), {"a": 50_000, "b": 50_000}),
        (weights(b="1", a="1", c="1"), {"a": 33_334, "b": 33_333, "c": 33_333}),
        (weights(a="1", b="2"), {"a": 33_333, "b": 66_667}),
        (weights(a="100", b="0"), {"a": 100_000, "b": 0}),
        (weights(a="0.001", b="99.999"), {"a": 1, "b": 99_999}),
        (weights(a="0.0005", b="99.9995"), {"a": 1, "b": 99_999}),
        (weights(a="0.0004", b="99.9996"), {"a": 0, "b": 100_000}),
        (weights(a="0.1", b="0.2", c="0.3"), {"a": 16_667, "b": 33_333, "c": 50_000}),
        (weights(a="1e-20", b="3e-20"), {"a": 25_000, "b": 75_000}),
        (weights(**{f"v{n}": "1" for n in range(7)}), None),
    ],
)
def test_exact_slots(given_: dict[str, Decimal], expected: dict[str, int] | None) -> None:
    found = exact_slots(given_)
    assert sum(found.values()) == SLOTS
    assert list(found) == sorted(given_)
    if expected is None:
        assert found == {f"v{n}": 14_286 if n < 5 else 14_285 for n in range(7)}
    else:
        assert found == expected


def test_canonical_tables_go_by_code_points() -> None:
    found = canonical_ranges({"b": Decimal(1), "B": Decimal(1), "é": Decimal(1), "10%": Decimal(1)})
    assert list(found) == ["10%", "B", "b", "é"]
    assert found["10%"] == ((0, 25_000),)
    assert found["é"] == ((75_000, 100_000),)


@pytest.mark.parametrize(
    ("base", "new", "expected"),
    [
        pytest.param(
            {"classic": ((0, 90_000),), "one-page": ((90_000, 100_000),)},
            weights(classic="75", one_page="25"),
            {"classic": ((0, 75_000),), "one-page": ((75_000, 100_000),)},
            id="a growing arm takes the slots beside it",
        ),
        pytest.param(
            {"a": ((0, 50_000),), "b": ((50_000, 100_000),)},
            weights(a="40", b="40", c="20"),
            {
                "a": ((0, 40_000),),
                "b": ((50_000, 90_000),),
                "c": ((40_000, 50_000), (90_000, 100_000)),
            },
            id="canonical owners come first",
        ),
        pytest.param(
            {"a": ((0, 50_000),), "gone": ((50_000, 100_000),)},
            weights(a="50", b="50"),
            {"a": ((0, 50_000),), "b": ((50_000, 100_000),)},
            id="an arm that is gone gives up all",
        ),
        pytest.param(
            {"a": ((0, 10),)},
            weights(a="50", b="50"),
            {"a": ((0, 50_000),), "b": ((50_000, 100_000),)},
            id="slots of no arm are dealt in name order",
        ),
        pytest.param(
            {"a": ((0, 10), (10, 50_000)), "b": ((50_000, 100_000),)},
            weights(a="50", b="50"),
            {"a": ((0, 50_000),), "b": ((50_000, 100_000),)},
            id="ranges that touch are one",
        ),
    ],
)
def test_least_move(base: Ranges, new: dict[str, Decimal], expected: Ranges) -> None:
    assert least_move(base, new) == expected


WEIGHTS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.sampled_from(["0", "1", "2", "3", "0.5", "7", "10", "33.333", "99.9"]).map(Decimal),
    min_size=1,
    max_size=6,
).filter(lambda each: any(each.values()))


@settings(max_examples=40, deadline=None)
@given(WEIGHTS, WEIGHTS)
def test_from_a_canonical_table_going_back_gives_it_back(
    first: dict[str, Decimal], second: dict[str, Decimal]
) -> None:
    canonical = canonical_ranges(first)
    assert least_move(canonical, first) == canonical
    assert least_move(least_move(canonical, second), first) == canonical


@given(st.lists(st.fractions(min_value=0, max_denominator=1000), min_size=1, max_size=8))
def test_shares_are_within_one_slot_of_what_was_asked(shares: list[Fraction]) -> None:
    given_ = {
        f"v{n}": Decimal(share.numerator) / Decimal(share.denominator)
        for n, share in enumerate(shares)
    }
    total = sum(map(Fraction, given_.values()))
    if not total:
        return
    for arm, count in exact_slots(given_).items():
        assert abs(count - Fraction(given_[arm]) * SLOTS / total) < 1


def test_many_arms_and_ranges_are_no_burden() -> None:
    arms = {f"v{n:03}": Decimal(n + 1) for n in range(500)}
    table = canonical_ranges(arms)
    for shift in range(1, 4):
        table = least_move(table, {arm: weight + shift for arm, weight in arms.items()})
    assert sum(end - start for spans in table.values() for start, end in spans) == SLOTS
