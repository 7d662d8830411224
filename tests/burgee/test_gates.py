"""Promise: raising a gate lets more in and never changes anyone's arm."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burgee.evaluation import TenantFlags
from burgee.evaluation.tables import Gate
from burgee.snapshot.forms import GateForm
from burgee_compiler.model.distribution import Moving
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.slow_evaluator.tables import threshold
from support.yaml_text import Plain, yaml_text

UNITS = [f"user-{number}" for number in range(300)]
THOUSANDTHS = st.integers(0, 100_000)
SPLIT = {"split": {"a": 1, "b": Plain("2.5"), "c": 3}}
FROM, UNTIL = 1_793_491_200_000_000, 1_793_577_600_000_000


def _percent(thousandths: int) -> Plain:
    return Plain(f"{thousandths // 1000}.{thousandths % 1000:03}")


def _flags(percentage: Any, kind: str) -> TenantFlags:
    gated = {"serve": SPLIT, "percentage": percentage}
    flag: dict[str, Any] = {"variants": ["a", "b", "c", "out"], "off_variant": "out"}
    if kind == "rule":
        flag |= {"rules": [{"name": "ramp", **gated}], "default": "out"}
    else:
        flag["default"] = gated
    files = {
        "burgee.yaml": yaml_text({"environments": ["production"]}),
        "acme/flags/f.yaml": yaml_text(flag),
    }
    return flags_of(repository_of(files), "acme", "production")


def _arms(flags: TenantFlags, now: int = 0) -> dict[str, str | None]:
    return {
        unit: variant
        for unit in UNITS
        if (variant := flags.evaluate("f", {"targetingKey": unit}, now).variant) != "out"
    }


@pytest.mark.parametrize("kind", ["rule", "default"])
@settings(max_examples=25)
@given(THOUSANDTHS, THOUSANDTHS)
def test_a_higher_gate_keeps_everyones_arm(kind: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    before = _arms(_flags(_percent(low), kind))
    after = _arms(_flags(_percent(high), kind))
    assert before.items() <= after.items()


@pytest.mark.parametrize("kind", ["rule", "default"])
@settings(max_examples=25)
@given(THOUSANDTHS, THOUSANDTHS, st.lists(st.integers(FROM - 1, UNTIL + 1), min_size=4))
def test_a_moving_gate_never_changes_an_arm(
    kind: str, first: int, last: int, instants: list[int]
) -> None:
    moving = {
        "from": _percent(first),
        "to": _percent(last),
        "start": "2026-11-01",
        "end": "2026-11-02",
    }
    flags = _flags(moving, kind)
    ascending = sorted(instants, reverse=first > last)
    seen = [_arms(flags, now) for now in ascending]
    for before, after in pairwise(seen):
        assert before.items() <= after.items()


@given(THOUSANDTHS, THOUSANDTHS, st.integers(-(10**16), 10**16), st.integers(1, 10**15), st.data())
def test_a_moving_gate_admits_the_floor_of_the_exact_percentage(
    first: int, last: int, start: int, span: int, data: st.DataObject
) -> None:
    now = data.draw(st.integers(start - 1, start + span + 1))
    moving = (first, last, start, start + span)
    gate = Gate("acme", GateForm(salt="f:gate:r", moving=moving))
    assert gate.threshold(now) == threshold(Moving(*moving), now)


@pytest.mark.parametrize("kind", ["rule", "default"])
def test_a_moving_gate_arrives_exactly(kind: str) -> None:
    """At its ends it is the plain gate of that percentage, also one microsecond beyond."""
    moving = {"from": 5, "to": 40, "start": "2026-11-01", "end": "2026-11-02"}
    flags = _flags(moving, kind)
    for percent, instants in ((5, (FROM - 1, FROM)), (40, (UNTIL, UNTIL + 1))):
        plain = _arms(_flags(percent, kind))
        assert [_arms(flags, now) for now in instants] == [plain, plain]
