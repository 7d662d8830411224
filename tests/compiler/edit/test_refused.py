"""Promise: an edit that cannot be made is a value that says why, and nothing of it is made."""

from __future__ import annotations

import pytest

from burgee_compiler.edit import (
    AliasInTheWay,
    AlreadyThere,
    BadValue,
    Edit,
    Insert,
    NoSuchPlace,
    Refused,
    Remove,
    Rename,
    Set,
    Unreadable,
    apply_edits,
    new_file,
)

SHARED = """\
metadata: {a: &m {tier: 1}, b: *m}
tags: &t [x, &w y]
owner: *w
default: off
"""

CASES: list[tuple[str, Edit, type[Refused]]] = [
    (SHARED, Set(("metadata", "b", "tier"), 2), AliasInTheWay),
    (SHARED, Set(("metadata", "a", "tier"), 2), AliasInTheWay),
    (SHARED, Remove(("metadata", "a")), AliasInTheWay),
    (SHARED, Remove(("tags",)), AliasInTheWay),
    (SHARED, Set(("tags", 1), "z"), AliasInTheWay),
    (SHARED, Set(("tags",), ["x"]), AliasInTheWay),
    (SHARED, Remove(("rules", 0)), NoSuchPlace),
    (SHARED, Set(("default", "x", "y"), 1), NoSuchPlace),
    (SHARED, Set(("tags", 7), "z"), NoSuchPlace),
    (SHARED, Insert(("default",), ("z",)), NoSuchPlace),
    (SHARED, Insert(("tags",), ("z",), 9), NoSuchPlace),
    (SHARED, Rename(("tags", 0), "z"), NoSuchPlace),
    (SHARED, Rename(("tags",), "default"), AlreadyThere),
    (SHARED, Set(("name",), "\ud800"), BadValue),
    (SHARED, Set(("name",), float("nan")), BadValue),
    ("a: [", Set(("a",), 1), Unreadable),
]


@pytest.mark.parametrize(("text", "edit", "kind"), CASES)
def test_refusals(text: str, edit: Edit, kind: type[Refused]) -> None:
    made = apply_edits(text.encode(), [Set(("kind",), "ops"), edit], "acme/flags/f.yaml")
    assert type(made) is kind, made
    assert made.message
    assert made.help
    assert made.code


def test_parts_that_no_alias_uses_can_be_edited_beside_those_that_are() -> None:
    made = apply_edits(SHARED.encode(), [Insert(("tags",), ("z",))], "acme/flags/f.yaml")
    assert made == SHARED.replace("&w y]", "&w y, z]").encode()


def test_a_refusal_names_its_place() -> None:
    made = apply_edits(SHARED.encode(), [Set(("metadata", "b", "tier"), 2)], "acme/flags/f.yaml")
    assert isinstance(made, AliasInTheWay)
    assert made.path == ("metadata", "b")


def test_an_unreadable_file_comes_with_its_findings() -> None:
    made = apply_edits(b"a: 1\na: 2\n", [], "acme/flags/f.yaml")
    assert isinstance(made, Unreadable)
    assert [each.code for each in made.found] == ["B108"]


def test_a_new_file_needs_fields() -> None:
    assert isinstance(new_file({}, "acme/flags/f.yaml"), NoSuchPlace)
    assert isinstance(new_file({"default": "\udfff"}, "acme/flags/f.yaml"), BadValue)
