"""Promise: what the second reading of the design once found wrong stays right."""

from __future__ import annotations

from decimal import localcontext
from typing import Any

import pytest

from burgee.evaluation import TenantFlags
from burgee.instants import instant_of
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.yaml_text import yaml_text

NOVEMBER = 1_793_491_200_000_000


def _flags(flag: dict[str, Any], lock: list[dict[str, Any]] | None = None) -> TenantFlags:
    files = {
        "burgee.yaml": yaml_text({"environments": ["production"]}),
        "acme/flags/f.yaml": yaml_text(flag),
    }
    if lock is not None:
        files["acme/flags/f.lock.yaml"] = yaml_text({"tables": lock})
    return flags_of(repository_of(files), "acme", "production")


@pytest.mark.parametrize(
    ("seconds", "micros"),
    [
        (1_793_491_200.1, 1_793_491_200_100_000),
        (1_793_491_200.000001, 1_793_491_200_000_001),
        (1_793_491_200.7, 1_793_491_200_700_000),
        (0.29, 290_000),
        (-0.29, -290_000),
    ],
)
def test_epoch_seconds_with_a_fraction_are_what_was_written(seconds: float, micros: int) -> None:
    """They were floored from the binary fraction, mostly one microsecond early."""
    assert instant_of(seconds) == micros
    with localcontext() as context:
        context.prec = 3  # an app's own setting must not reach us
        assert instant_of(seconds) == micros


def test_epoch_seconds_meet_a_constant_of_the_same_instant() -> None:
    when = {"attribute": "at", "after": "2026-11-01T00:00:00.1Z"}
    flags = _flags({"rules": [{"name": "r", "when": when, "serve": "on"}], "default": "off"})
    assert flags.evaluate("f", {"at": 1_793_491_200.1}, 0).variant == "on"


def _lock(at: str | None, ranges: dict[str, list[list[int]]]) -> dict[str, Any]:
    weights = {arm: sum(end - start for start, end in spans) for arm, spans in ranges.items()}
    entry = {
        "table": "default",
        "environments": ["production"],
        "weights": weights,
        "ranges": ranges,
    }
    return entry if at is None else {**entry, "at": at}


def _table(flags: TenantFlags, now: int) -> tuple[tuple[int, int, str], ...]:
    flag = flags.get("f")
    assert flag is not None
    definition = flag.definition()
    split = definition.phase_at(now).form.default.split
    assert split is not None
    return tuple((start, end, definition.form.variants[arm][0]) for start, end, arm in split.ranges)


def test_a_step_with_the_same_weights_has_its_own_entry_of_the_lock() -> None:
    """The table before the step was kept wherever the weights were the same."""
    half = {"split": {"a": 1, "b": 1}}
    flag = {
        "variants": ["a", "b"],
        "default": half,
        "schedule": [{"at": "2026-11-01", "set": {"default": half}}],
    }
    first = {"b": [[0, 50_000]], "a": [[50_000, 100_000]]}
    second = {"a": [[0, 10], [50_010, 100_000]], "b": [[10, 50_010]]}
    flags = _flags(flag, [_lock(None, first), _lock("2026-11-01", second)])
    assert _table(flags, NOVEMBER - 1) == ((0, 50_000, "b"), (50_000, 100_000, "a"))
    assert _table(flags, NOVEMBER) == ((0, 10, "a"), (10, 50_010, "b"), (50_010, 100_000, "a"))


def test_a_split_after_a_variant_for_all_starts_from_that_one_range() -> None:
    """The split before the variant was carried over it, though it was no longer in effect."""
    half = {"split": {"a": 1, "b": 1}}
    steps = [
        {"at": "2026-10-31", "set": {"default": "a"}},
        {"at": "2026-11-01", "set": {"default": half}},
    ]
    flag = {"variants": ["a", "b"], "default": half, "schedule": steps}
    flags = _flags(flag, [_lock(None, {"b": [[0, 50_000]], "a": [[50_000, 100_000]]})])
    assert _table(flags, 0) == ((0, 50_000, "b"), (50_000, 100_000, "a"))
    assert _table(flags, NOVEMBER) == ((0, 50_000, "a"), (50_000, 100_000, "b"))
