"""Promise: no context makes an evaluation raise, whatever JSON, or worse, it holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from burgee.evaluation import TenantFlags, explain
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.strategies.universe import CONSTANTS, INSTANTS
from support.yaml_text import yaml_text

DEEP: Final = 100_000
WIDE: Final = 1_000_000
PATHS: Final = ("it", "a.b", "", "targetingKey", "user.id", "..", "a..b")
LISTS: Final = ("in", "nin")
NOW: Final = INSTANTS[0]


def _deep_object() -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(DEEP):
        value = {"a": value, "b": value} if not value else {"a": value}
    return value


def _deep_list() -> list[Any]:
    value: list[Any] = []
    for _ in range(DEEP):
        value = [value]
    return value


VALUES: Final[dict[str, Callable[[], Any]]] = {
    "deep object": _deep_object,
    "deep list": _deep_list,
    "wide object": lambda: dict.fromkeys(map(str, range(WIDE)), 1),
    "wide list": lambda: list(range(WIDE // 100)),
    "lists in a list": lambda: [[], [None], {}, [{"a": []}]],
    "lone surrogate": lambda: "\ud800",
    "reversed pair": lambda: "\udc00\ud800",
    "surrogates in a list": lambda: ["\udfff", {"\ud800": "\ud800"}],
    "nul": lambda: "\x00",
    "long text": lambda: "x" * 10**6,
    "long digits": lambda: "9" * 10_000,
    "long version": lambda: ".".join("1" * 10_000),
    "long pre-release": lambda: "1.0.0-" + ".".join(["9" * 5_000] * 3),
    "almost an address": lambda: ":" * 10_000,
    "almost a time": lambda: "2026-11-01T00:00:00." + "9" * 10_000 + "Z",
    "NaN": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "minus infinity": lambda: float("-inf"),
    "largest float": lambda: 1.7976931348623157e308,
    "smallest float": lambda: 5e-324,
    "huge integer": lambda: 10**10_000,
    "huge negative": lambda: -(10**10_000),
    "boolean": lambda: True,
    "bytes": lambda: b"\xff",
    "tuple": lambda: (1, [2]),
    "set": lambda: {1, "a"},
    "decimal": lambda: Decimal("sNaN"),
    "datetime": lambda: datetime(2026, 11, 1, tzinfo=UTC),
    "complex": lambda: 1j,
    "object": object,
}


@pytest.fixture(scope="module")
def flags() -> TenantFlags:
    """Flags that ask everything of every path, by conditions, segments, tables and overrides."""
    files = {"burgee.yaml": yaml_text({"environments": ["production"]})}
    for number, path in enumerate(path for path in PATHS if path):
        files[f"acme/segments/s{number}.yaml"] = yaml_text(
            {"by": path, "members": ["m"], "excluded": ["x"]}
        )
        conditions = [_condition(path, operator) for operator in CONSTANTS]
        conditions.append({"segment": f"s{number}"})
        rule = {"name": "all", "when": {"any": conditions}, "serve": "on", "percentage": 50}
        each = [
            {"name": f"r{index}", "when": condition, "serve": {"split": {"on": 1, "off": 2}}}
            for index, condition in enumerate(conditions)
        ]
        files[f"acme/flags/f{number}.yaml"] = yaml_text(
            {
                "by": path,
                "overrides": [{"user": "m", "serve": "on"}],
                "rules": [rule, *each],
                "default": {"split": {"on": 1, "off": 1}, "percentage": 30},
            }
        )
        needs = {"requires": [{"flag": f"f{number}", "serves": ["on"]}], "default": "on"}
        files[f"acme/flags/needs{number}.yaml"] = yaml_text(needs)
    return flags_of(repository_of(files), "acme", "production")


def _condition(path: str, operator: str) -> dict[str, Any]:
    constant = CONSTANTS[operator][0]
    return {"attribute": path, operator: [constant] if operator in LISTS else constant}


@pytest.mark.parametrize("name", VALUES)
def test_no_value_makes_it_raise(flags: TenantFlags, name: str) -> None:
    value = VALUES[name]()
    for context in (
        {"it": value, "a": {"b": value}, "targetingKey": "u"},
        {"it": value, "a.b": value, "targetingKey": value},
        {"a": value, "user": value, "": value, ".": value, "..": {"": {"": value}}},
        {"user": {"id": value}, "user.id": value, "a": {"b": {"c": value}, "": {"b": value}}},
    ):
        _ask(flags, context)


def test_a_context_that_is_itself_deep_or_wide(flags: TenantFlags) -> None:
    _ask(flags, _deep_object())
    _ask(flags, dict.fromkeys((f"a.{number}" for number in range(WIDE)), "x"))


def test_a_list_of_a_million_values() -> None:
    rule = {"name": "r", "when": {"attribute": "it", "contains": [1.5, "x"]}, "serve": "on"}
    files = {
        "burgee.yaml": yaml_text({"environments": ["production"]}),
        "acme/flags/f.yaml": yaml_text({"rules": [rule], "default": "off"}),
    }
    flags = flags_of(repository_of(files), "acme", "production")
    assert flags.evaluate("f", {"it": list(range(WIDE))}, NOW).variant == "off"
    assert flags.evaluate("f", {"it": [*range(WIDE), 1.5]}, NOW).variant == "on"


def test_keys_that_are_no_text(flags: TenantFlags) -> None:
    context: dict[Any, Any] = {None: 1, 5: 2, b"it": 3, ("a", "b"): 4, 1.5: 5, "\ud800": 6, "": 7}
    _ask(flags, context)


def _ask(flags: TenantFlags, context: dict[Any, Any]) -> None:
    for key in flags.keys():  # noqa: SIM118  (no mapping)
        result = flags.evaluate(key, context, NOW)
        assert result.flag_key == key
        assert result.reason != "error"
        assert explain(flags, key, context, NOW).result == result
