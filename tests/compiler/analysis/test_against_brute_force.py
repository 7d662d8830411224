"""Promise: what the analysis claims of conditions is so in every context that was ever tried.

The slow evaluator is the judge. Contexts hold, at each path that the conditions ask about, every
value near the constants, every value of a wrong type, and none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from burgee_compiler.analysis import always, covered, domains_of, never
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Attribute
from burgee_compiler.repository import TenantFiles
from support.readers import read_condition
from support.slow_evaluator.conditions import Scene, holds
from support.slow_evaluator.context import value_at
from support.slow_evaluator.times import instant_of
from support.slow_evaluator.versions import compare_versions
from support.strategies.conditions import condition
from support.strategies.drawing import Chooser
from support.strategies.universe import ATTRIBUTES, CONSTANTS, HOUR, START, VALUES

FILES = TenantFiles(name="acme")
CLOCKS = (START, START + 13 * HOUR, START + 31 * 24 * HOUR)
MISSING = object()
PATHS = tuple(path for path in ATTRIBUTES if path in VALUES)
TEXTS = ("pro", "PRO", "p", "P", "ro", "", "o", "Pro", "prop", "xpro")
FEW: dict[str, tuple[Any, ...]] = {
    **CONSTANTS,
    **dict.fromkeys(("eq", "neq", "in", "nin"), (*TEXTS, True, False, 0, 1, 1.5, 18)),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), (0, 1, 1.5, 18)),
    **dict.fromkeys(("startswith", "endswith", "contains"), TEXTS),
    "regex": ("^p", "o$", "(?i)PRO", "(?-i)p"),
    "cidr": ("10.0.0.0/8", "10.1.0.0/16", "192.168.1.1", "0.0.0.0/0", "::/0"),
}
"""Constants so few that conditions contradict and imply each other often."""
FOLDED = ("eq", "neq", "in", "nin", "contains", "startswith", "endswith", "regex")
LISTS = ("in", "nin", "contains", "startswith", "endswith", "regex", "cidr")


def close_condition(chooser: Chooser, paths: Sequence[str], depth: int) -> Any:
    kind = chooser.pick(["attribute"] * 3 + (["all", "all", "any", "not"] if depth else []))
    if kind == "not":
        return {"not": close_condition(chooser, paths, depth - 1)}
    if kind != "attribute":
        count = chooser.count(2, 3)
        return {kind: [close_condition(chooser, paths, depth - 1) for _ in range(count)]}
    path = chooser.pick(paths)
    tests: dict[str, Any] = {}
    for operator in (
        chooser.some(tuple(FEW), 1, 2)
        if chooser.chance(4)
        else chooser.some(ATTRIBUTES[path], 1, 2)
    ):
        tests[operator] = close_constant(chooser, operator)
    if tests.get("exists") is False:
        tests = {"exists": False}
    if any(operator in FOLDED for operator in tests) and chooser.chance(3):
        tests["ignore_case"] = True
    return {"attribute": path, **tests}


def close_constant(chooser: Chooser, operator: str) -> Any:
    if operator in ("in", "nin") or (operator in LISTS and chooser.chance(3)):
        return [chooser.pick(FEW[operator]) for _ in range(chooser.count(1, 3))]
    return chooser.pick(FEW[operator])


@st.composite
def conditions(draw: st.DrawFn, count: int, depth: int = 2) -> list[Condition]:
    chooser = Chooser(draw)
    paths = chooser.some(PATHS, 1, 2)
    close = not chooser.chance(6)
    return [
        read_condition(
            close_condition(chooser, paths, depth) if close else condition(chooser, [], [], depth)
        )
        for _ in range(count)
    ]


def paths_of(parts: Sequence[Condition]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        below = [*(part.all or ()), *(part.any or ()), *([part.not_] if part.not_ else [])]
        found |= paths_of(below) | ({part.attribute} if part.attribute else set())
    return found


def contexts(parts: Sequence[Condition]) -> Iterator[dict[str, Any]]:
    """Yield every combination of values, under whole keys and step by step."""
    paths = sorted(paths_of(parts))[:2]
    pools = [(MISSING, *VALUES.get(path, ()), *TEXTS, 0, 1, 1.25, 18, 17.5) for path in paths]
    for values in product(*pools):
        yield {
            ("targetingKey" if path == "user.id" else path): value
            for path, value in zip(paths, values, strict=True)
            if value is not MISSING
        }


def nested(context: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for path, value in context.items():
        *steps, last = path.split(".")
        here: Any = made
        for step in steps:
            here = here.setdefault(step, {})
        here[last] = value
    return made


def scenes(parts: Sequence[Condition]) -> Iterator[Scene]:
    for context in contexts(parts):
        for index, now in enumerate(CLOCKS):
            placed = nested(context) if index == 1 else context
            yield Scene(FILES, "production", placed, now, lambda _: None)


@given(conditions(1))
def test_what_never_holds_holds_in_no_context(drawn: list[Condition]) -> None:
    (one,) = drawn
    if never(one):
        assert not any(holds(one, scene) for scene in scenes(drawn))


@given(conditions(1))
def test_what_always_holds_holds_in_every_context(drawn: list[Condition]) -> None:
    (one,) = drawn
    if always(one):
        assert all(holds(one, scene) for scene in scenes(drawn))


@given(conditions(3, depth=1))
def test_what_is_covered_never_holds_alone(drawn: list[Condition]) -> None:
    one, *others = drawn
    for covering in (others, others[:1], others[1:]):
        if covered(one, covering):
            for scene in scenes([one, *covering]):
                assert not holds(one, scene) or any(holds(each, scene) for each in covering)


TYPES: dict[str, Any] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: TYPES["number"](value) and value == value // 1,
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "time": lambda value: instant_of(value) is not None,
    "semver": lambda value: isinstance(value, str) and compare_versions(value, "1") is not None,
}


@given(conditions(1), st.sampled_from(sorted(TYPES)), st.booleans())
def test_declarations_are_taken_at_their_word(
    drawn: list[Condition], kind: Any, listed: bool
) -> None:
    (one,) = drawn
    enum = {"string": ("pro", "Pro", "x"), "integer": (1, 18), "boolean": (True,)}.get(kind, ())
    values = enum if listed else ()
    domains = domains_of({path: Attribute(type=kind, enum=values) for path in paths_of(drawn)})
    if not never(one, domains):
        return
    for scene in scenes(drawn):
        present = [value_at(scene.context, path) for path in paths_of(drawn)]
        if all(
            value is None or (TYPES[kind](value) and (not values or value in values))
            for value in present
        ):
            assert not holds(one, scene)


def test_the_cases_are_near_enough_to_matter() -> None:
    """The claims above are made of many conditions, not of none."""
    claims = {"never": 0, "always": 0, "covered": 0}

    @given(conditions(2, depth=2))
    def count(drawn: list[Condition]) -> None:
        claims["never"] += never(drawn[0])
        claims["always"] += always(drawn[0])
        claims["covered"] += covered(drawn[0], drawn[1:]) and not never(drawn[0])

    count()
    assert all(number >= 1 for number in claims.values()), claims
