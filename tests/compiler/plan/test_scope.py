"""Promise: a plan of the files that a change can matter to is the plan of all files."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from burgee.instants import parse_instant
from burgee_compiler.build import check
from burgee_compiler.load import load_repository
from burgee_compiler.plan.compare import Revision, plan
from burgee_compiler.plan.report import Plan
from burgee_compiler.plan.scope import Pruned, relevant
from burgee_compiler.revisions import changed_files
from support.memory_tree import MemoryTree
from support.rounds import rounds
from support.strategies import RandomRepository, edited, repositories

NOW = parse_instant("2026-11-01T00:00:00Z") or 0
Files = Mapping[str, str | bytes]
BESIDE = {f"acme/flags/other-{number}.yaml": "default: off\n" for number in range(30)}


def plans(before: Files, after: Files) -> tuple[Plan, Plan, set[str] | None]:
    """Return the plan of all files, that of the relevant ones, and which those are."""
    trees = MemoryTree(before), MemoryTree(after)
    changed = changed_files(*trees)
    scope = relevant(*trees, changed)
    found = []
    for each in (None, scope):
        base, head = (
            Revision(name, load_repository(tree if each is None else Pruned(tree, each)))
            for name, tree in zip(("base", "head"), trees, strict=True)
        )
        found.append(plan(base, head, NOW, changed, ()))
    return found[0], found[1], scope


@settings(
    max_examples=rounds(40, 5_000),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)
@given(repositories(), st.data())
def test_random_edits(one: RandomRepository, data: st.DataObject) -> None:
    other = data.draw(edited(one))
    found = check(load_repository(MemoryTree(other.files)))
    assume(not any(each.severity == "error" for each in found))
    whole, pruned, _ = plans({**one.files, **BESIDE}, {**other.files, **BESIDE})
    assert pruned == whole


FLAG = "rules:\n  - {name: who, when: %s, serve: on}\ndefault: off\n"
FILES: dict[str, str] = {
    "burgee.yaml": "environments: [staging, production]\n",
    "acme/attributes.yaml": "plan: {type: string}\n",
    "acme/layers.yaml": "shop: {slots: {tested/test: [[0, 50]]}}\n",
    "acme/segments/people/vip.yaml": "members_file: vip.members.csv\n",
    "acme/segments/people/vip.members.csv": "u1\n",
    "acme/segments/wide.yaml": "when: {any: [{segment: people.vip}, {attribute: plan, eq: a}]}\n",
    "acme/flags/low.yaml": "default: {serve: on, percentage: 10}\n",
    "acme/flags/middle.yaml": FLAG % "{flag: low, serves: [on]}",
    "acme/flags/high.yaml": "requires: [{flag: middle, serves: [on]}]\ndefault: on\n",
    "acme/flags/of-segment.yaml": FLAG % "{segment: wide}",
    "acme/flags/escaped.yaml": FLAG % '{segment: "\\u0077ide"}',
    "acme/flags/split.yaml": "default: {split: {on: 50, off: 50}}\n",
    "acme/flags/tested.yaml": "rules:\n  - name: test\n    experiment: {status: running, "
    "control: off, layer: shop}\n    serve: {split: {on: 1, off: 1}}\ndefault: off\n",
    "globex/flags/low.yaml": "default: off\n",
    **BESIDE,
}
CASES: dict[str, tuple[str, str, int]] = {
    "a flag that two others stand on": (
        "acme/flags/low.yaml",
        FILES["acme/flags/low.yaml"] + "#",
        0,
    ),
    "it ramps": ("acme/flags/low.yaml", "default: {serve: on, percentage: 20}\n", 3),
    "a list of a segment in a segment": ("acme/segments/people/vip.members.csv", "u2\n", 2),
    "a segment": ("acme/segments/wide.yaml", "members: [u3]\n", 2),
    "a layer": ("acme/layers.yaml", "shop: {slots: {tested/test: [[0, 40]]}}\n", 1),
    "a lock": (
        "acme/flags/split.lock.yaml",
        (
            "tables: [{table: default, environments: [production], weights: {on: 50, off: 50}, "
            "ranges: {on: [[0, 50000]], off: [[50000, 100000]]}}]\n"
        ),
        1,
    ),
    "attributes": ("acme/attributes.yaml", "plan: {type: integer}\n", 2),
    "environments": ("burgee.yaml", "environments: [production]\n", 38),
    "another tenant": ("globex/flags/low.yaml", "default: on\n", 1),
    "nothing": ("acme/flags/low.yaml", FILES["acme/flags/low.yaml"], 0),
}


@pytest.mark.parametrize("case", CASES)
def test_each_way_to_matter(case: str) -> None:
    path, text, flags = CASES[case]
    whole, pruned, scope = plans(FILES, {**FILES, path: text})
    assert pruned == whole
    assert len(pruned.flags) == flags
    if scope is not None:
        assert len(scope) < 20


def test_what_is_broken_elsewhere_is_not_this_changes() -> None:
    broken = {**FILES, "acme/flags/other-1.yaml": "default: onn\n"}
    whole, pruned, _ = plans(broken, {**broken, "acme/flags/split.yaml": "default: off\n"})
    assert [each.where.file for each in whole.found] == ["acme/flags/other-1.yaml"]
    assert pruned == structs.replace(whole, found=())
