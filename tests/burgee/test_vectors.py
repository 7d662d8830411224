"""Promise: the product and the published vectors agree, and the vectors are what is derived.

`vectors/*.json` are for any implementation of the contract; `vectors/derive.py` makes them
without a line of the product.
"""

from __future__ import annotations

import importlib.util
import json
import math
import random
import struct
from decimal import Decimal
from functools import cache
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from burgee.buckets import member_digest, slot_of, slot_prefix
from burgee.instants import instant_of
from burgee.snapshot.canonical import canonical
from burgee.units import unit_of
from burgee.versions import parse_version
from burgee_compiler.allocate import Ranges, canonical_ranges, least_move
from support.slow_evaluator.context import unit_of as slow_unit_of
from support.slow_evaluator.tables import slot_of as slow_slot_of
from support.slow_evaluator.times import instant_of as slow_instant_of
from support.slow_evaluator.versions import compare_versions

FOLDER = Path(__file__).with_name("vectors")


@cache
def _derive() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vectors_derive", FOLDER / "derive.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["cases"]
    assert cases
    return cases


def _spans(ranges: Ranges) -> list[list[Any]]:
    return sorted([start, end, arm] for arm, spans in ranges.items() for start, end in spans)


def _weights(case: dict[str, Any]) -> dict[str, Decimal]:
    return {arm: Decimal(weight) for arm, weight in case["weights"].items()}


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in FOLDER.glob("*.json")) or ["no vectors"]
)
def test_the_files_are_what_is_derived(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text("utf-8") == _derive().render(name)


def test_every_derived_file_is_there() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(_derive().FILES)


def test_buckets() -> None:
    for case in _cases("buckets"):
        tenant, salt, unit = case["tenant"], case["salt"], case["unit"]
        assert slot_of(slot_prefix(tenant, salt), unit) == case["slot"]
        assert slow_slot_of(tenant, salt, unit) == case["slot"]
        assert case["slot"] == int(case["hash"], 16) * 100_000 >> 64


def test_members() -> None:
    for case in _cases("members"):
        assert member_digest(case["tenant"], case["unit"]).hex() == case["digest"]


def test_units() -> None:
    for case in _cases("units"):
        value = json.loads(case["json"])
        assert unit_of(value) == case["unit"], case
        assert slow_unit_of(value) == case["unit"], case


def test_canonical_tables() -> None:
    for case in _cases("tables"):
        assert _spans(canonical_ranges(_weights(case))) == case["ranges"]


def test_least_moves() -> None:
    for case in _cases("moves"):
        base: dict[str, list[tuple[int, int]]] = {}
        for start, end, arm in case["base"]:
            base.setdefault(arm, []).append((start, end))
        ranges = {arm: tuple(spans) for arm, spans in base.items()}
        assert _spans(least_move(ranges, _weights(case))) == case["ranges"]


def test_versions() -> None:
    cases = _cases("versions")
    order = [each["equal"] for each in cases if "equal" in each]
    for line in order:
        assert len({parse_version(text) for text in line}) == 1
        assert {compare_versions(line[0], text) for text in line} == {0}
    for lower, higher in combinations([line[0] for line in order], 2):
        one, other = parse_version(lower), parse_version(higher)
        assert one is not None
        assert other is not None
        assert one < other, (lower, higher)
        assert compare_versions(lower, higher) == -1
    for case in cases:
        if "no_version" in case:
            assert parse_version(case["no_version"]) is None, case
            assert compare_versions(case["no_version"], "1") is None, case


def test_instants() -> None:
    for case in _cases("instants"):
        value = json.loads(case["json"])
        assert instant_of(value) == case["micros"], case
        assert slow_instant_of(value) == case["micros"], case


def test_numbers() -> None:
    for case in _cases("numbers"):
        assert canonical(json.loads(case["json"])).decode() == case["canonical"], case


def test_numbers_of_any_bits() -> None:
    """The rule that the vectors derive from holds for every float: 20,000 of random bits."""
    bits = random.Random(20261121)
    for _ in range(20_000):
        (number,) = struct.unpack("<d", bits.randbytes(8))
        if math.isfinite(number):
            assert canonical(number).decode() == _derive()._written(number)
