"""Promise: what is worked out from a change is what reading all files anew comes to."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burgee.instants import parse_instant
from burgee_compiler.build import check
from burgee_compiler.load import load_repository
from burgee_compiler.plan.compare import Revision, plan
from burgee_writer.tips.tip import Tip
from burgee_writer.writing.parts import sides_of
from support.memory_tree import MemoryTree
from support.strategies import RandomRepository, edited, repositories
from support.tips import changes_of, tip_of

NOW = parse_instant("2026-11-01T00:00:00Z") or 0
BESIDE = {f"acme/flags/other-{number}.yaml": "default: off\n" for number in range(5)}
ROOT = "environments: [staging, production]\n"


def assert_same(derived: Tip, files: Mapping[str, str]) -> None:
    fresh = tip_of(files)
    assert derived.found == fresh.found == check(load_repository(MemoryTree(files)))
    assert derived.files.entries() == fresh.files.entries()
    assert derived.files.stamps() == fresh.files.stamps()
    assert derived.users == fresh.users
    assert derived.repository.tenants.keys() == fresh.repository.tenants.keys()
    for tenant, known in fresh.repository.tenants.items():
        got = derived.repository.tenants[tenant]
        assert {key: each.flag for key, each in got.flags.items()} == {
            key: each.flag for key, each in known.flags.items()
        }
        assert {name: each.segment for name, each in got.segments.items()} == {
            name: each.segment for name, each in known.segments.items()
        }
        assert got.layers == known.layers


@settings(deadline=None, max_examples=60)
@given(repositories(), st.data())
def test_random_edits_one_after_the_other(one: RandomRepository, data: st.DataObject) -> None:
    files = {**one.files, **BESIDE}
    tip = tip_of(files)
    for _ in range(3):
        one = data.draw(edited(one))
        after = {**one.files, **BESIDE}
        tip, files = tip.with_changes(changes_of(files, after)), after
        assert_same(tip, files)


@settings(deadline=None, max_examples=60)
@given(repositories(), st.data())
def test_a_part_is_planned_as_the_whole(one: RandomRepository, data: st.DataObject) -> None:
    """A definition that a change can matter to is found by who names whom."""
    before = {**one.files, **BESIDE}
    after = {**data.draw(edited(one)).files, **BESIDE}
    tip = tip_of(before)
    changes = changes_of(before, after)
    sides = sides_of(tip, tip.with_changes(changes), changes.keys())
    base, head = (
        Revision(name, load_repository(MemoryTree(files)))
        for name, files in ((sides.base.name, before), (sides.head.name, after))
    )
    whole = plan(base, head, NOW, changes.keys(), ())
    part = plan(sides.base, sides.head, NOW, changes.keys(), ())
    assert part.flags == whole.flags
    assert part.class_ == whole.class_
    assert part.without_effect == whole.without_effect


STEPS: dict[str, list[dict[str, str | None]]] = {
    "a file breaks and is mended": [
        {"acme/flags/f.yaml": "default: nope\n"},
        {"acme/flags/f.yaml": "default: on\n"},
    ],
    "what a flag names comes and goes": [
        {"acme/flags/g.yaml": "requires: [{flag: f, serves: [on]}]\ndefault: on\n"},
        {"acme/flags/f.yaml": None},
        {"acme/flags/f.yaml": "default: off\n"},
    ],
    "the last flag of a folder goes, and with it the folder": [
        {"acme/flags/a/b/c.yaml": "default: off\n"},
        {"acme/flags/a/b/c.yaml": None},
    ],
    "a tenant comes and goes": [
        {"globex/flags/f.yaml": "default: off\n"},
        {"globex/flags/f.yaml": None},
    ],
    "a file takes the place of a folder": [
        {"acme/flags/a/b.yaml": "default: off\n"},
        {"acme/flags/a/b.yaml": None, "acme/flags/a.yaml": "default: off\n"},
    ],
    "names that differ in case alone": [
        {"acme/flags/F.yaml": "default: off\n"},
        {"acme/flags/F.yaml": None},
    ],
    "the environments change": [
        {"acme/flags/g.yaml": "default: off\nenvironments: {test: {default: on}}\n"},
        {"burgee.yaml": "environments: [staging, production, test]\n"},
    ],
    "attributes are declared": [
        {"acme/flags/g.yaml": "rules: [{name: r, when: {attribute: plan, eq: 1}, serve: on}]\n"
                              "default: off\n"},
        {"acme/attributes.yaml": "plan: {type: string}\n"},
    ],
    "a list of members changes": [
        {"acme/segments/s.yaml": "members_file: s.members.csv\n",
         "acme/segments/s.members.csv": "a\n"},
        {"acme/segments/s.members.csv": "a\n b\n"},
        {"acme/segments/s.members.csv": None},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_steps(name: str) -> None:
    files = {"burgee.yaml": ROOT, "acme/flags/f.yaml": "default: off\n"}
    tip = tip_of(files)
    for step in STEPS[name]:
        after = {**files, **{path: text for path, text in step.items() if text is not None}}
        after = {path: text for path, text in after.items() if step.get(path, "") is not None}
        tip, files = tip.with_changes(changes_of(files, after)), after
        assert_same(tip, files)
