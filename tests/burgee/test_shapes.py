"""Promise: flags of one shape share compiled code, and nothing a flag says becomes source."""

from __future__ import annotations

from types import CodeType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from burgee.evaluation import TenantFlags, explain
from burgee.evaluation.conditions import Segment, prepare_condition
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import ConditionForm
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.yaml_text import yaml_text

HOSTILE = st.one_of(
    st.sampled_from(["'", '"', "\\", "\n", "'''", "c0", "{", "}", "__import__('os')", "%s", "\0"]),
    st.text(min_size=1, max_size=8),
)


def _code(function: Any) -> CodeType:
    code: CodeType = function.__code__
    return code


def _no_segment(digest: str) -> Segment:
    raise ValueError(digest)


def _flags(*definitions: dict[str, Any]) -> TenantFlags:
    files = {"burgee.yaml": yaml_text({"environments": ["production"]})}
    for number, definition in enumerate(definitions):
        files[f"acme/flags/f{number}.yaml"] = yaml_text(definition)
    return flags_of(repository_of(files), "acme", "production")


def _ruled(attribute: str, wanted: list[str], version: str, percentage: int) -> dict[str, Any]:
    return {
        "rules": [
            {"name": "listed", "when": {"attribute": attribute, "in": wanted}, "serve": "on"},
            {
                "name": "new",
                "when": {"attribute": "version", "semver_gte": version},
                "percentage": percentage,
                "serve": "on",
            },
        ],
        "default": "off",
    }


def test_flags_of_one_shape_share_their_code() -> None:
    flags = _flags(_ruled("plan", ["a", "b"], "1.2.3", 5), _ruled("country", ["DE"], "v9", 50))
    one, other = flags.get("f0"), flags.get("f1")
    assert one is not None
    assert other is not None
    assert _code(one.decide) is _code(other.decide)
    assert flags.evaluate("f0", {"plan": "a"}, 0).variant == "on"
    assert flags.evaluate("f1", {"plan": "a"}, 0).variant == "off"
    assert flags.evaluate("f1", {"country": "DE"}, 0).variant == "on"


@given(HOSTILE, HOSTILE)
def test_constants_never_become_source(attribute: str, wanted: str) -> None:
    form = ConditionForm(attribute=attribute, tests={"eq": wanted})
    test = prepare_condition(form, _no_segment).test
    assert canonical(wanted) not in canonical(list(_code(test).co_consts))
    context: dict[str, Any] = {attribute: wanted}
    assert test(context, 0, None) is True
    assert test({attribute: wanted + "x"}, 0, None) is False
    nested: dict[str, Any] = {}
    here = nested
    *steps, last = attribute.split(".")
    for step in steps:
        here = here.setdefault(step, {})
    here[last] = wanted
    assert test(nested, 0, None) is True


def test_many_rules_and_long_conditions_are_functions_of_their_own() -> None:
    """The text of a function stays short, whatever the flag; answers are the same."""
    values = [f"v{number}" for number in range(200)]
    rules = [
        {
            "name": f"r{number}",
            "when": {"any": [{"attribute": "x", "eq": value}, {"attribute": "y", "eq": value}]},
            "serve": "on" if number % 2 else "off",
        }
        for number, value in enumerate(values)
    ]
    wide = {"any": [{"attribute": "x", "eq": value} for value in values]}
    flags = _flags(
        {"rules": rules, "default": "off"},
        {"rules": [{"name": "wide", "when": {"not": wide}, "serve": "on"}], "default": "off"},
    )
    for key in ("f0", "f1"):
        flag = flags.get(key)
        assert flag is not None
        assert len(_code(flag.decide).co_code) < 1_000
    for number, value in enumerate(values):
        result = flags.evaluate("f0", {"y": value}, 0)
        assert (result.rule, result.value) == (f"r{number}", bool(number % 2))
        assert explain(flags, "f0", {"y": value}, 0).result == result
        assert flags.evaluate("f1", {"x": value}, 0).value is False
    assert flags.evaluate("f1", {"x": "v200"}, 0).rule == "wide"
