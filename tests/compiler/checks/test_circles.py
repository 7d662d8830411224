"""Promise: each circle of flags or segments is found once, in the environments that have it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee_compiler.checks.graph import components, shortest_circle
from support.checking import check_files

GRAPHS = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefghxy")))


def reachable(graph: dict[str, list[str]], start: str) -> set[str]:
    """Return what can be reached from a node by one step or more."""
    found: set[str] = set()
    work = [start]
    while work:
        for target in graph.get(work.pop(), []):
            if target not in found:
                found.add(target)
                work.append(target)
    return found


@given(GRAPHS)
def test_components_are_those_of_the_definition(graph: dict[str, list[str]]) -> None:
    below = {node: reachable(graph, node) for node in graph}
    expected = {
        frozenset(other for other in graph if other in below[node] and node in below[other])
        for node in graph
        if node in below[node]
    }
    found = [frozenset(group) for group in components(graph)]
    assert set(found) == expected
    assert len(found) == len(expected)


@given(GRAPHS)
def test_circles_are_circles(graph: dict[str, list[str]]) -> None:
    for group in components(graph):
        circle = shortest_circle(graph, group[0], set(group))
        assert circle[0] == group[0]
        assert len(set(circle)) == len(circle)
        for node, target in zip(circle, [*circle[1:], circle[0]], strict=True):
            assert target in graph[node]


def test_a_long_chain_is_no_recursion() -> None:
    graph = {str(n): [str(n + 1)] for n in range(20_000)}
    assert list(components(graph)) == []
    graph["20000"] = ["0"]
    (group,) = components(graph)
    assert len(shortest_circle(graph, "0", set(group))) == 20_001


def needs(*keys: str, where: str = "") -> str:
    listed = ", ".join(f"{{flag: {key}, serves: [on]}}" for key in keys)
    if where:
        return f"default: off\nenvironments: {{{where}: {{requires: [{listed}]}}}}\n"
    return f"default: off\nrequires: [{listed}]\n"


@pytest.mark.parametrize(
    ("flags", "circles"),
    [
        ({"a": needs("b"), "b": needs("c"), "c": needs()}, []),
        ({"a": needs("a")}, ['the flag "a" depends on itself']),
        ({"a": needs("b"), "b": needs("a"), "c": needs("a", "b")}, ["a → b → a"]),
        ({"a": needs("b"), "b": needs("a", where="staging")}, ["a → b → a"]),
        ({"a": needs("b", where="production"), "b": needs("a", where="staging")}, []),
        (
            {"a": needs("b"), "b": needs("a"), "c": needs("d"), "d": needs("c")},
            ["a → b → a", "c → d → c"],
        ),
        # What an environment replaces is not in effect there, but in the other one.
        (
            {"a": needs("b"), "b": needs("a") + "environments: {staging: {requires: []}}\n"},
            ["a → b → a"],
        ),
        (
            {
                "a": needs("b"),
                "b": needs("a")
                + "environments: {staging: {requires: []}, production: {requires: []}}\n",
            },
            [],
        ),
        # A later step counts: documents hold all phases.
        (
            {
                "a": needs("b"),
                "b": "default: off\nschedule: [{at: 2026-12-01, set: {rules: [{name: r, when: "
                "{flag: a, serves: [on]}, serve: on}]}}]\n",
            },
            ["a → b → a"],
        ),
    ],
)
def test_flags(flags: dict[str, str], circles: list[str]) -> None:
    found = check_files({f"acme/flags/{key}.yaml": text for key, text in flags.items()})
    assert {each.code for each in found} <= {"B306"}
    assert [
        each.message.removeprefix("flags depend on each other in a circle: ") for each in found
    ] == circles


def test_each_step_of_a_circle_is_shown() -> None:
    files = {
        "acme/segments/a.yaml": "when: {not: {segment: b}}\n",
        "acme/segments/b.yaml": "when: [{segment: c}]\n",
        "acme/segments/c.yaml": "members: [u1]\nenvironments: {staging: {when: {segment: a}}}\n",
    }
    (found,) = check_files(files)
    assert found.code == "B307"
    assert found.message.endswith("a → b → c → a")
    places = [found.where, *(label.where for label in found.labels)]
    assert [each.file for each in places] == list(files)
    assert places[2].path == ("environments", "staging", "when", "segment")


def test_a_segment_circle_that_no_environment_has() -> None:
    files = {
        "acme/segments/a.yaml": "members: [u]\nenvironments: {staging: {when: {segment: b}}}\n",
        "acme/segments/b.yaml": "members: [u]\nenvironments: {production: {when: {segment: a}}}\n",
    }
    assert check_files(files) == []
