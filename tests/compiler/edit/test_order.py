"""Promise: new fields stand where the format has them; no field of the format is forgotten."""

from __future__ import annotations

import pytest
from msgspec import Struct

from burgee_compiler.edit import Set, Value, apply_edits, new_file, shape_of
from burgee_compiler.edit.order import PLACES, place_at
from burgee_compiler.model import distribution, files, flag, flag_test
from burgee_compiler.model.structs import fields_of
from burgee_compiler.model.variants import Variant
from burgee_compiler.model.webhook import Webhook

STRUCTS: dict[str, tuple[type[Struct], ...]] = {
    "flag": (flag.Flag, flag.FlagOverlay, flag.FlagSet),
    "rule": (flag.Rule, flag.RuleOverlay, flag.RuleSet),
    "variant": (Variant,),
    "override": (flag.Override,),
    "require": (flag.Require,),
    "experiment": (flag.Experiment,),
    "flag_step": (flag.FlagStep,),
    "rule_step": (flag.RuleStep,),
    "moving": (distribution.Moving,),
    "test": (flag_test.FlagTest, flag_test.SegmentTest),
    "expect": (flag_test.Expect, flag_test.SegmentExpect),
    "segment": (files.Segment, files.SegmentOverlay),
    "layer": (files.Layer,),
    "lock": (files.Lock,),
    "lock_table": (files.LockTable,),
    "attribute": (files.Attribute,),
    "tenant": (files.Tenant,),
    "webhook": (Webhook,),
    "burgee": (files.Burgee,),
    "policy_line": (files.Policy,),
}


@pytest.mark.parametrize("place", STRUCTS)
def test_every_field_of_the_format_has_its_place(place: str) -> None:
    known = {name for struct in STRUCTS[place] for name in fields_of(struct)}
    assert set(PLACES[place].fields) == known


def test_every_place_that_is_led_to_exists() -> None:
    for place in PLACES.values():
        for name in (*place.into.values(), *([place.each] if place.each else [])):
            assert name.removeprefix("*") in PLACES


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), "flag"),
        (("rules", 0), "rule"),
        (("rules", 0, "environments", "staging"), "rule"),
        (("environments", "staging", "rules", 1, "serve"), "serve"),
        (("rules", 0, "when", 1, "any", 0), "condition"),
        (("rules", 0, "when", "not"), "condition"),
        (("schedule", 0, "set", "default"), "default"),
        (("variants", "a", "value", "x"), "free"),
        (("tests", 0, "context", "rules"), "free"),
    ],
)
def test_places(path: tuple[str | int, ...], place: str) -> None:
    assert place_at("flag", path) == place


@pytest.mark.parametrize(
    ("file", "shape"),
    [
        ("burgee.yaml", "burgee"),
        ("acme/layers.yaml", "layers"),
        ("acme/flags/a/b.yaml", "flag"),
        ("acme/flags/a/b.lock.yaml", "lock"),
        ("acme/segments/a.yaml", "segment"),
        ("acme/other.yaml", "free"),
    ],
)
def test_files(file: str, shape: str) -> None:
    assert shape_of(file) == shape


def test_a_new_field_stands_behind_the_nearest_that_comes_before_it() -> None:
    text = b"default: off\nowner: us\n# the stop switch\nstate: on\n"
    made = apply_edits(text, [Set(("kind",), "ops")], "acme/flags/f.yaml")
    assert made == b"default: off\nowner: us\nkind: ops\n# the stop switch\nstate: on\n"


def test_a_new_file_has_the_order_of_the_format() -> None:
    fields: dict[str, Value] = {
        "default": "a",
        "rules": [{"serve": {"split": {"a": 1, "b": 1}}, "percentage": 5, "name": "r"}],
        "variants": {"a": {"value": 1}, "b": {"value": 2}},
        "name": "No: colon",
        "overrides": [{"serve": "a", "user": "5"}],
    }
    assert new_file(fields, "acme/flags/f.yaml") == (
        b'name: "No: colon"\n'
        b"variants:\n  a: {value: 1}\n  b: {value: 2}\n"
        b'overrides:\n  - {user: "5", serve: a}\n'
        b"rules:\n  - name: r\n    percentage: 5\n    serve: {split: {a: 1, b: 1}}\n"
        b"default: a\n"
    )
