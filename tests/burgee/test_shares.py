"""Promise: shares are exact: they sum to 1, and are what counting every slot gives."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from burgee.evaluation import Result, TenantFlags
from burgee.evaluation.shares import pinned_slots, shares
from burgee_compiler.repository import Repository
from support.agreement import assert_same
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.slow_evaluator import Pinned, SlowResult, slow_evaluate
from support.strategies import (
    ENVIRONMENTS,
    TENANT,
    RandomRepository,
    clocks,
    contexts,
    repositories,
)
from support.yaml_text import yaml_text

Answer = tuple[str | None, str, str | None, str]
FEWER = settings(max_examples=settings().max_examples // 2)
TENTHS = st.sampled_from([0, 1, 2, 5, 9, 10])


def _answer(result: Result | SlowResult) -> Answer:
    return result.variant, result.reason, result.rule, result.openfeature_reason


def _always(slot: int) -> Pinned:
    return lambda salt, by: slot


def _by_salt(slots: dict[str, int]) -> Pinned:
    return lambda salt, by: slots[salt]


def _exact(
    flags: TenantFlags, key: str, context: dict[str, Any], now: int
) -> dict[Answer, Fraction]:
    found: dict[Answer, Fraction] = {}
    for share, result in shares(lambda slots: flags.evaluate(key, context, now, slots)):
        found[_answer(result)] = found.get(_answer(result), Fraction(0)) + share
    return found


@FEWER
@given(repositories(), contexts(), clocks(), st.sampled_from(ENVIRONMENTS))
def test_shares_sum_to_one(
    random: RandomRepository, context: dict[str, Any], now: int, environment: str
) -> None:
    flags = flags_of(repository_of(random.files), TENANT, environment)
    for key in random.keys:
        found = _exact(flags, key, context, now)
        assert sum(found.values()) == 1
        assert all(share > 0 for share in found.values())


@FEWER
@given(
    repositories(),
    contexts(),
    clocks(),
    st.sampled_from(ENVIRONMENTS),
    st.lists(st.integers(0, 99_999), min_size=1, max_size=5),
)
def test_a_pinned_slot_is_the_slot_of_every_table(
    random: RandomRepository,
    context: dict[str, Any],
    now: int,
    environment: str,
    slots: list[int],
) -> None:
    repository = repository_of(random.files)
    flags = flags_of(repository, TENANT, environment)
    for key in random.keys:
        for slot in slots:
            always = _always(slot)
            slow = slow_evaluate(repository, TENANT, key, environment, context, now, always)
            assert_same(flags.evaluate(key, context, now, pinned_slots(slot)), slow)


def _tenths(weights: list[int]) -> dict[str, int]:
    return {f"v{place}": weight for place, weight in enumerate(weights)}


def _repository(gate: int, ours: list[int], rest: int, others: list[int], seed: bool) -> Repository:
    rule = {"name": "r", "percentage": gate * 10, "serve": {"split": _tenths(ours)}}
    flag = {
        "variants": [f"v{place}" for place in range(4)],
        "off_variant": "v3",
        "rules": [{**rule, "seed": "again"} if seed else rule],
        "default": {"serve": {"split": _tenths(others)}, "percentage": rest * 10},
    }
    files = {
        "burgee.yaml": yaml_text({"environments": ["production"]}),
        "acme/flags/f.yaml": yaml_text(flag),
    }
    return repository_of(files)


@settings(max_examples=8)
@given(
    TENTHS,
    st.sampled_from([[5, 5], [2, 3, 5], [10, 0]]),
    TENTHS,
    st.sampled_from([[1, 9], [5, 2, 3], [0, 10]]),
    st.booleans(),
)
def test_shares_are_what_walking_every_combination_counts(
    gate: int, ours: list[int], rest: int, others: list[int], seed: bool
) -> None:
    """All cuts are at tenths, so one slot of each tenth under each salt stands for all slots.

    The rule's gate and the default's are two draws, and the two splits one, or two where the rule
    has a seed of its own.
    """
    repository = _repository(gate, ours, rest, others, seed)
    again = "again" if seed else "r"
    salts = [f"f:gate:{again}", "f:gate:default", "f", *(["f:again"] if seed else [])]
    counted: Counter[Answer] = Counter()
    for tenths in product(range(10), repeat=len(salts)):
        slots = {salt: tenth * 10_000 + 7 for salt, tenth in zip(salts, tenths, strict=True)}
        pinned = _by_salt(slots)
        slow = slow_evaluate(repository, "acme", "f", "production", {}, 0, pinned)
        counted[_answer(slow)] += 1
    whole = 10 ** len(salts)
    flags = flags_of(repository, "acme", "production")
    assert _exact(flags, "f", {}, 0) == {a: Fraction(n, whole) for a, n in counted.items()}
