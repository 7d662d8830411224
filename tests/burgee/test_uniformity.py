"""Promise: buckets are uniform for each flag, and independent between any two flags.

Twelve flags, 66 pairs, 100,000 ids that count up and 100,000 random ones. Every figure is a
number of standard deviations from what fair draws give; each must stay below 6.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from math import sqrt

import pytest

from burgee.buckets import SLOTS, slot_of, slot_prefix

IDS = 100_000
BINS = 100
LIMIT = 6.0
SALTS = [
    "checkout.one-page", "checkout.one-page:gate:ramp", "checkout.one-page:gate:default",
    "checkout.one-page:2024q4", "checkout.one-page2", "checkout.two-page", "@layer:checkout",
    "a", "b", "adFailure", "search.v2", "search.v3",
]  # fmt: skip


def _random_ids() -> list[str]:
    source = random.Random(66)
    return [f"{source.getrandbits(128):032x}" for _ in range(IDS)]


POPULATIONS: dict[str, Callable[[], list[str]]] = {
    "sequential": lambda: [str(number) for number in range(IDS)],
    "random": _random_ids,
}


@pytest.fixture(scope="module", params=POPULATIONS)
def slots(request: pytest.FixtureRequest) -> dict[str, list[int]]:
    """Each flag's slot for each id."""
    ids = POPULATIONS[request.param]()
    prefixes = {salt: slot_prefix("acme", salt) for salt in SALTS}
    return {salt: [slot_of(prefix, unit) for unit in ids] for salt, prefix in prefixes.items()}


def _deviations(count: int, probability: float) -> float:
    spread = sqrt(IDS * probability * (1 - probability))
    return abs(count - IDS * probability) / spread


def test_every_flag_is_uniform(slots: dict[str, list[int]]) -> None:
    """Chi-squared over 100 bins, as deviations from its mean; and each threshold of a gate."""
    for salt, each in slots.items():
        counts = Counter(slot * BINS // SLOTS for slot in each)
        expected = IDS / BINS
        chi_squared = sum((counts[place] - expected) ** 2 / expected for place in range(BINS))
        assert abs(chi_squared - (BINS - 1)) / sqrt(2 * (BINS - 1)) < LIMIT, salt
        for percent in (1, 5, 10, 50, 90):
            admitted = sum(slot < percent * SLOTS // 100 for slot in each)
            assert _deviations(admitted, percent / 100) < LIMIT, (salt, percent)


@pytest.mark.parametrize("percent", [10, 50])
def test_every_two_flags_are_independent(slots: dict[str, list[int]], percent: int) -> None:
    """Being let in by one flag says nothing of being let in by another: 66 pairs."""
    threshold = percent * SLOTS // 100
    admitted = {
        salt: int("".join("1" if slot < threshold else "0" for slot in each), 2)
        for salt, each in slots.items()
    }
    pairs = list(combinations(SALTS, 2))
    assert len(pairs) == 66
    for one, other in pairs:
        both = (admitted[one] & admitted[other]).bit_count()
        assert _deviations(both, (percent / 100) ** 2) < LIMIT, (one, other)


def test_every_two_flags_are_independent_in_all_tenths(slots: dict[str, list[int]]) -> None:
    """Not only at one threshold: chi-squared over the ten by ten table of two flags' tenths."""
    tenths = {salt: [slot * 10 // SLOTS for slot in each] for salt, each in slots.items()}
    expected = IDS / 100
    for one, other in combinations(SALTS, 2):
        counts = Counter(zip(tenths[one], tenths[other], strict=True))
        chi_squared = sum(
            (counts[(row, column)] - expected) ** 2 / expected
            for row in range(10)
            for column in range(10)
        )
        assert abs(chi_squared - 99) / sqrt(2 * 99) < LIMIT, (one, other)


def test_two_tenants_draw_apart() -> None:
    ids = POPULATIONS["sequential"]()
    ours, theirs = (slot_prefix(tenant, "checkout.one-page") for tenant in ("acme", "other"))
    both = sum(slot_of(ours, unit) < 50_000 and slot_of(theirs, unit) < 50_000 for unit in ids)
    assert _deviations(both, 0.25) < LIMIT
