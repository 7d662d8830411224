"""Promise: writes are functions of a tree; new names move nobody; what a write adds counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from burgee_compiler.load import load_repository
from burgee_compiler.lock_changes import lock_changes
from burgee_compiler.repository import Repository
from burgee_compiler.source import Plain
from burgee_compiler.trees import Folder
from burgee_compiler.writes import Overlaid, WriteRefusedError, Writing, added, judge
from burgee_compiler.writes.create import flag_path
from burgee_compiler.writes.fields import remove_field, set_field
from burgee_compiler.writes.layer_slots import add_slots
from burgee_compiler.writes.rename import rename_flag, rename_rule
from support.checking import check_files
from support.flag_repository import FlagRepository, served
from support.memory_tree import MemoryTree

BURGEE = "environments: [staging, production]\n"
TEST = """\
variants: [a, b, c]
rules:
  - name: gate    # who may
    percentage: 30
    serve: {split: {a: 1, b: 1, c: 1}}
    environments: {staging: {percentage: 60}}
  - name: test
    experiment: {status: running, control: a, layer: l}
    serve: {split: {a: 50, b: 50}}
default: {split: {b: 1, c: 2}}
tests:
  - {context: {targetingKey: u}, environment: production, bucket: 0.5, expect: {rule: test}}
"""
LOCK = """\
tables:
  - table: test
    environments: [production]
    weights: {a: 50, b: 50}
    ranges:
      a: [[0, 10000], [60000, 100000]]
      b: [[10000, 60000]]
"""
FILES = {
    "flags/shop/cart.yaml": TEST,
    "flags/shop/cart.lock.yaml": LOCK,
    "flags/other.yaml": "requires: [{flag: shop.cart, serves: [a]}]  # needs it\n"
    "rules:\n  - {name: r, when: {not: {flag: shop.cart, serves: [b]}}, serve: on}\n"
    "default: off\n",
    "layers.yaml": "l:\n  holdout: [[0, 5]]\n  slots:\n    shop.cart/test: [[20, 60]]  # ours\n",
}
Made = Callable[[Writing, Repository], object]


def answers(repository: FlagRepository, keys: tuple[str, ...]) -> list[tuple[str | None, ...]]:
    """Return what 400 users get of each flag in both environments."""
    built = repository.build()
    assert built.environments, built.found
    return [
        tuple(flags.evaluate(key, {"targetingKey": f"u-{user}"}, 0).variant for key in keys)
        for flags in (served(built, "staging"), served(built, "production"))
        for user in range(400)
    ]


def after(repository: FlagRepository, make: Made) -> dict[str, bytes | None]:
    """Make a write, and put it on disk."""
    tree = Folder(repository.root)
    writing = Writing(tree)
    make(writing, load_repository(tree))
    for path, data in writing.changes.items():
        if data is None:
            (repository.root / path).unlink()
        else:
            repository.write({path: data})
    return writing.changes


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (
            lambda w, r: rename_flag(w, r, r.tenants["acme"], "shop.cart", "basket"),
            ("basket", "other"),
        ),
        (
            lambda w, r: rename_rule(w, r, r.tenants["acme"], "shop.cart", "gate", "ramp"),
            ("shop.cart", "other"),
        ),
        (
            lambda w, r: rename_rule(w, r, r.tenants["acme"], "shop.cart", "test", "second"),
            ("shop.cart", "other"),
        ),
        (
            lambda w, r: add_slots(w, r.tenants["acme"], "l", "shop.cart/test", 0 + 1),
            ("other", "other"),
        ),
    ],
    ids=["flag", "gate", "experiment", "slots"],
)
def test_nobody_moves(tmp_path: Path, make: Made, keys: tuple[str, ...]) -> None:
    repository = FlagRepository(tmp_path, FILES)
    before = answers(repository, ("shop.cart", "other") if keys[0] != "other" else keys)
    after(repository, make)
    assert answers(repository, keys) == before


def test_a_rename_keeps_comments_and_comes_back_without_a_trace(tmp_path: Path) -> None:
    repository = FlagRepository(tmp_path, FILES)
    changed = after(
        repository, lambda w, r: rename_flag(w, r, r.tenants["acme"], "shop.cart", "basket")
    )
    assert sorted(changed) == [
        "acme/flags/basket.lock.yaml",
        "acme/flags/basket.yaml",
        "acme/flags/other.yaml",
        "acme/flags/shop/cart.lock.yaml",
        "acme/flags/shop/cart.yaml",
        "acme/layers.yaml",
    ]
    made = changed["acme/flags/basket.yaml"]
    assert made == TEST.replace("rules:", "seed: shop.cart\nrules:", 1).encode()
    assert b"# needs it" in (changed["acme/flags/other.yaml"] or b"")
    after(repository, lambda w, r: rename_flag(w, r, r.tenants["acme"], "basket", "shop.cart"))
    for name, text in FILES.items():
        assert repository.path(name).read_text(encoding="utf-8") == text


def test_a_renamed_rule_keeps_its_old_name_where_a_gate_needs_it(tmp_path: Path) -> None:
    repository = FlagRepository(tmp_path, FILES)
    after(
        repository,
        lambda w, r: rename_rule(w, r, r.tenants["acme"], "shop.cart", "test", "second"),
    )
    text = repository.path("flags/shop/cart.yaml").read_text(encoding="utf-8")
    assert "  - name: second\n    was: test\n" in text
    assert "expect: {rule: second}" in text
    assert "table: second" in repository.path("flags/shop/cart.lock.yaml").read_text("utf-8")
    assert "shop.cart/second: [[20, 60]]  # ours" in repository.path("layers.yaml").read_text()


def test_a_rename_through_an_alias_is_refused_whole(tmp_path: Path) -> None:
    files = {**FILES, "flags/third.yaml": "metadata: {a: &k shop.cart}\nrequires: "}
    files["flags/third.yaml"] += "[{flag: *k, serves: [a]}, {flag: other, serves: [on]}]\n"
    files["flags/third.yaml"] += "default: off\n"
    repository = FlagRepository(tmp_path, files)
    changed = after(
        repository, lambda w, r: rename_flag(w, r, r.tenants["acme"], "shop.cart", "basket")
    )
    third = changed["acme/flags/third.yaml"] or b""
    assert b"{a: &k shop.cart}" in third
    assert b"{flag: basket, serves: [a]}" in third


TWO = {"acme/flags/a.yaml": "default: nope\n", "acme/flags/b.yaml": "default: off\n"}


def test_only_findings_that_a_write_adds_refuse_it() -> None:
    files: Mapping[str, str] = {"burgee.yaml": BURGEE, **TWO}
    tree = MemoryTree(files)
    before = load_repository(tree)
    sound = Writing(tree)
    set_field(sound, "acme/flags/b.yaml", "state", "off")
    assert not judge(before, tree, sound.changes).refused
    broken = Writing(tree)
    set_field(broken, "acme/flags/b.yaml", "default", "nope")
    judged = judge(before, tree, broken.changes)
    assert [(each.code, each.where.file) for each in judged.added] == [
        ("B303", "acme/flags/b.yaml")
    ]
    mended = Writing(tree)
    set_field(mended, "acme/flags/a.yaml", "default", "neither")
    assert not judge(before, tree, mended.changes).refused  # as many as before


THREE = "variants: [a, b, c]\ndefault: {split: {a: 40, b: 30, c: 30}}  # since May\n"


def test_new_weights_come_with_the_lock_that_moves_the_fewest() -> None:
    tree = MemoryTree({"burgee.yaml": BURGEE, "acme/flags/a.yaml": THREE})
    before = load_repository(tree)
    writing = Writing(tree)
    set_field(
        writing,
        "acme/flags/a.yaml",
        "default.weights",
        {"a": Plain("30"), "b": Plain("30"), "c": Plain("40")},
    )
    judged = judge(before, tree, writing.changes)
    assert sorted(judged.changes) == ["acme/flags/a.lock.yaml", "acme/flags/a.yaml"]
    assert not judged.added
    (change,) = lock_changes(judged.repository, before)
    assert [(each.moved, each.least) for each in change.tables] == [(10_000, 10_000)]
    assert not change.differs


def test_an_edit_of_anything_else_leaves_locks_alone() -> None:
    lock = "# by hand\ntables:\n  - table: default\n    environments: [staging]\n"
    lock += (
        "    weights: {a: 40, b: 30, c: 30}\n    ranges: {a: [[0, 40000]], b: [[40000, 70000]], "
    )
    lock += "c: [[70000, 100000]]}\n"
    files = {"acme/flags/a.yaml": THREE, "acme/flags/a.lock.yaml": lock}
    tree = MemoryTree({"burgee.yaml": BURGEE, **files})
    writing = Writing(tree)
    set_field(writing, "acme/flags/a.yaml", "owner", "us")
    assert list(judge(load_repository(tree), tree, writing.changes).changes) == [
        "acme/flags/a.yaml"
    ]


def test_findings_are_counted_by_code_file_and_subject() -> None:
    one = check_files({"acme/flags/a.yaml": "default: {split: {x: 1, off: 1}}\n"})
    two = check_files({"acme/flags/a.yaml": "default: {split: {x: 1, y: 1}}\n"})
    assert [each.message for each in added(one, two)] == ['the flag has no variant "y"']
    assert added(two, one) == []


def test_a_tree_with_changes_reads_as_if_they_were_made() -> None:
    over = Overlaid(MemoryTree(TWO), {"acme/flags/a.yaml": None, "acme/flags/x/c.yaml": b"1"})
    assert [each.path for each in over.entries()] == [
        *("acme", "acme/flags", "acme/flags/b.yaml", "acme/flags/x", "acme/flags/x/c.yaml"),
    ]
    assert over.read("acme/flags/x/c.yaml") == b"1"
    with pytest.raises(OSError, match=r"a\.yaml"):
        over.read("acme/flags/a.yaml")


@pytest.mark.parametrize(
    ("field", "value", "environment", "wanted"),
    [
        ("percentage", "5", None, 'a flag has no field "percentage"'),
        ("rules.gat.percentage", "5", None, 'the flag has no rule "gat"'),
        ("rules.gate.serve.split.a.b", "5", None, "a value stands where a mapping would have to"),
        ("..", "5", None, "names no field"),
    ],
)
def test_fields_that_are_not_there(
    field: str, value: str, environment: str | None, wanted: str
) -> None:
    writing = Writing(MemoryTree({"acme/flags/a.yaml": TEST}))
    with pytest.raises(WriteRefusedError) as caught:
        set_field(writing, "acme/flags/a.yaml", field, value, environment)
    assert wanted in str(caught.value)
    assert caught.value.help
    assert writing.changes == {}


@pytest.mark.parametrize(
    ("field", "environment", "line"),
    [
        ("rules.gate.percentage", None, "    percentage: 7\n"),
        ("rules.gate.percentage", "staging", "    environments: {staging: {percentage: 7}}\n"),
        ("rules.test.weights.a", None, "    serve: {split: {a: 7, b: 50}}\n"),
        ("rules.test.split.a", None, "    serve: {split: {a: 7, b: 50}}\n"),
        ("default.weights.b", None, "default: {split: {b: 7, c: 2}}\n"),
        ("default.weights.b", "production", "  production: {default: {split: {b: 7, c: 2}}}\n"),
        ("variants.c.value", None, "  c: {value: 7}\n"),
        ('metadata."a.b"', None, "metadata: {a.b: 7}\n"),
    ],
)
def test_fields_as_people_write_them(field: str, environment: str | None, line: str) -> None:
    writing = Writing(MemoryTree({"acme/flags/a.yaml": TEST}))
    set_field(writing, "acme/flags/a.yaml", field, "7", environment)
    made = (writing.changes["acme/flags/a.yaml"] or b"").decode()
    assert line.replace("7", '"7"') in made


def test_an_overlay_of_a_rule_takes_the_whole_field_along() -> None:
    writing = Writing(MemoryTree({"acme/flags/a.yaml": TEST}))
    set_field(writing, "acme/flags/a.yaml", "rules.gate.weights.a", "2", "production")
    made = (writing.changes["acme/flags/a.yaml"] or b"").decode()
    assert 'production: {serve: {split: {a: "2", b: 1, c: 1}}}' in made
    remove_field(writing, "acme/flags/a.yaml", "rules.gate", "production")
    assert writing.changes == {}


@pytest.mark.parametrize("key", ["../x", "a..b", "a/b", "", "a.", "ü", "a\n", ".git.config"])
def test_keys_cannot_lead_elsewhere(key: str) -> None:
    with pytest.raises(WriteRefusedError):
        flag_path("acme", key)


def test_slots_come_from_what_is_free() -> None:
    layers = "l:\n  holdout: [[0, 5]]\n  slots: {a/test: [[5, 50]], b/test: [[60, 99.5]]}\n"
    flag = "rules:\n  - name: test\n    experiment: {status: draft, control: off}\n    serve: on\n"
    files = {"burgee.yaml": BURGEE, "acme/layers.yaml": layers}
    files |= {f"acme/flags/{name}.yaml": f"{flag}default: off\n" for name in ("a", "b", "c")}
    tree = MemoryTree(files)
    tenant = load_repository(tree).tenants["acme"]
    writing = Writing(tree)
    assert add_slots(writing, tenant, "l", "c/test", 10_000) == [(50_000, 60_000)]
    assert b"layer: l" in (writing.changes["acme/flags/c.yaml"] or b"")
    assert add_slots(Writing(tree), tenant, "l", "c/test", 10_500)[1:] == [(99_500, 100_000)]
    with pytest.raises(WriteRefusedError, match=r"10\.5 % of the layer l is free, not 11 %"):
        add_slots(Writing(tree), tenant, "l", "c/test", 11_000)
