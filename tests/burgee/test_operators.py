"""Promise: every operator means what the design says, for every constant and kind of value.

Not drawn but walked: each operator with each constant of the pools, against each value that any
attribute may hold, with and without ignore_case.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from burgee_compiler.repository import Repository
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.slow_evaluator.conditions import Scene, holds
from support.strategies.universe import CONSTANTS, INSTANTS, VALUES, spelled
from support.yaml_text import yaml_text

FOLDED: Final = ("eq", "neq", "in", "nin", "contains", "startswith", "endswith", "regex")
LISTS: Final = ("in", "nin")
NOW: Final = INSTANTS[3] + 1
EVERY_VALUE: Final = [value for pool in VALUES.values() for value in pool]


def _conditions(operator: str) -> list[dict[str, Any]]:
    pool = CONSTANTS[operator]
    constants: list[Any] = list(pool)
    if operator in LISTS:
        constants = [[each] for each in pool] + [list(pool[:2]), list(pool[3:9])]
    elif operator in ("contains", "startswith", "endswith", "regex", "cidr"):
        constants += [list(pool[:2]), list(pool[-2:])]
    found = [{"attribute": "it", operator: constant} for constant in constants]
    if operator in FOLDED:
        found += [{**condition, "ignore_case": True} for condition in found]
    return found


def _repository(conditions: list[dict[str, Any]]) -> Repository:
    files = {"burgee.yaml": yaml_text({"environments": ["production"]})}
    for number, condition in enumerate(conditions):
        rule = {"name": "only", "when": condition, "serve": "on"}
        files[f"acme/flags/f{number}.yaml"] = yaml_text({"rules": [rule], "default": "off"})
    return repository_of(files)


@pytest.mark.parametrize("operator", CONSTANTS)
def test_each_constant_against_each_value(operator: str) -> None:
    repository = _repository(_conditions(operator))
    files = repository.tenants["acme"]
    flags = flags_of(repository, "acme", "production")
    held = 0
    for value in EVERY_VALUE:
        context = {"it": value}
        scene = Scene(files, "production", context, NOW, lambda key: None)
        for key, file in files.flags.items():
            assert file.flag is not None
            (rule,) = file.flag.rules
            expected = holds(rule.when, scene)
            found = flags.evaluate(key, context, NOW).variant
            assert found == ("on" if expected else "off"), (rule.when, value)
            held += expected
    assert held, "no value satisfies any condition: the pools prove nothing"


@pytest.mark.parametrize("operator", [name for name in CONSTANTS if name != "exists"])
@pytest.mark.parametrize("context", [{}, {"it": None}], ids=["missing", "null"])
def test_nothing_holds_of_a_missing_attribute(operator: str, context: dict[str, Any]) -> None:
    conditions = _conditions(operator)
    flags = flags_of(_repository(conditions), "acme", "production")
    keys = flags.keys()
    for key in keys:
        assert flags.evaluate(key, context, NOW).variant == "off"


def test_existence_and_not_of_a_missing_attribute() -> None:
    conditions: list[dict[str, Any]] = [
        {"attribute": "it", "exists": False},
        {"not": {"attribute": "it", "exists": True}},
        {"not": {"attribute": "it", "neq": "x"}},
    ]
    flags = flags_of(_repository(conditions), "acme", "production")
    keys = flags.keys()
    assert [flags.evaluate(key, {}, NOW).variant for key in keys] == ["on", "on", "on"]
    there = [flags.evaluate(key, {"it": "x"}, NOW).variant for key in keys]
    assert there == ["off", "off", "on"]


def test_instants_to_the_microsecond() -> None:
    """A time beside the constant by one microsecond is on its other side."""
    at = INSTANTS[2]
    flags = flags_of(
        _repository([{"attribute": "it", op: spelled(at)} for op in ("before", "after")]),
        "acme",
        "production",
    )
    for shift, expected in ((-1, ["on", "off"]), (0, ["off", "on"]), (1, ["off", "on"])):
        context = {"it": spelled(at + shift, 2)}
        assert [flags.evaluate(key, context, NOW).variant for key in ("f0", "f1")] == expected
