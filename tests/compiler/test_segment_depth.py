"""Promise: no chain of segments is so long that a build or an evaluation runs out of stack."""

from __future__ import annotations

import pytest

from burgee_compiler.build import build
from burgee_compiler.checks.segment_depth import MOST_SEGMENTS
from burgee_compiler.load import load_repository
from support.flag_repository import codes, served
from support.memory_tree import MemoryTree

LEAF = "{attribute: a, eq: 1}"


def nested(condition: str) -> str:
    """A condition as deep as conditions may be."""
    for _ in range(7):
        condition = f"{{all: [{{not: {condition}}}, {{not: {{attribute: b, eq: 1}}}}]}}"
    return f"{{not: {condition}}}"  # an even number of negations


def chain(length: int) -> MemoryTree:
    files = {
        "burgee.yaml": "environments: [production]\n",
        "acme/flags/f.yaml": "default: off\nrules: [{name: r, when: {segment: s1}, serve: on}]\n",
        f"acme/segments/s{length}.yaml": f"when: {LEAF}\n",
    }
    for n in range(1, length):
        below = f"{{segment: s{n + 1}}}"
        files[f"acme/segments/s{n}.yaml"] = f"when: {nested(below)}\n"
    return MemoryTree(files)


def deep(frames: int, length: int) -> str | None:
    """What is served where the caller stands deep in calls of its own."""
    if frames:
        return deep(frames - 1, length)
    made = build(load_repository(chain(length)), None)
    return served(made).evaluate("f", {"a": 1}, 0).variant


def test_the_longest_chain_is_built_and_evaluated() -> None:
    assert deep(200, MOST_SEGMENTS) == "on"


@pytest.mark.parametrize("length", [MOST_SEGMENTS + 1, 100, 1_500])
def test_a_longer_one_is_one_finding(length: int) -> None:
    made = build(load_repository(chain(length)), None)
    assert codes(made) == ["B509"]
    (found,) = made.found
    assert found.subject == f"acme/@s{length - MOST_SEGMENTS}"
    assert found.where.path[0] == "when"


def test_a_longer_one_holds_its_flags_alone() -> None:
    files = chain(400)
    made = build(load_repository(files), None, lambda _: None)
    assert made.environments
    assert served(made).keys() == []
