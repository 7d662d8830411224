"""Promise: what the analysis claims of conditions is so in every context that was ever tried.

The slow evaluator is the judge. Contexts hold, at each path that the conditions ask about, every
value near the constants, every value of a wrong type, and none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from burgee_compiler.analysis import always, covered, domains_of, never
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Attribute
from burgee_compiler.repository import TenantFiles
from support.close_conditions import conditions, contexts, nested, paths_of
from support.slow_evaluator.conditions import Scene, holds
from support.slow_evaluator.context import value_at
from support.slow_evaluator.times import instant_of
from support.slow_evaluator.versions import compare_versions
from support.strategies.universe import HOUR, START

FILES = TenantFiles(name="acme")
CLOCKS = (START, START + 13 * HOUR, START + 31 * 24 * HOUR)


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

    @settings(max_examples=200)
    @given(conditions(2, depth=2))
    def count(drawn: list[Condition]) -> None:
        claims["never"] += never(drawn[0])
        claims["always"] += always(drawn[0])
        claims["covered"] += covered(drawn[0], drawn[1:]) and not never(drawn[0])

    count()
    assert all(number >= 1 for number in claims.values()), claims
