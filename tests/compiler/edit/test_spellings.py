"""Promise: an edit changes the characters that it must and no other, in any style."""

from __future__ import annotations

import pytest

from burgee_compiler.edit import Edit, Insert, Remove, Rename, Set, apply_edits
from burgee_compiler.source import Plain

FILE = "acme/flags/f.yaml"

CASES: list[tuple[str, str, Edit, str]] = [
    ("a comment stays", "default: off  # why\n", Set(("default",), "on"), "default: on  # why\n"),
    ("quotes stay", "default: 'off'\n", Set(("default",), "on"), "default: 'on'\n"),
    (
        "a word in quotes elsewhere is in quotes here",
        'default: "on"\n',
        Set(("off_variant",), "on"),
        'off_variant: "on"\ndefault: "on"\n',
    ),
    ("what reads as text is plain", "default: a\n", Set(("default",), "on"), "default: on\n"),
    ("what does not, is not", "default: a\n", Set(("default",), "true"), 'default: "true"\n'),
    ("a number stays one", "epoch: 1\n", Set(("epoch",), 2), "epoch: 2\n"),
    ("source text as it is", "default: a\n", Set(("expires",), Plain("2027-03-01")),
     "expires: 2027-03-01\ndefault: a\n"),
    ("no value yet", "owner:\ndefault: a\n", Set(("owner",), "us"), "owner: us\ndefault: a\n"),
    ("no break at the end", "default: a", Set(("state",), "off"), "state: off\ndefault: a"),
    ("nor here", "state: on\ndefault: a", Remove(("default",)), "state: on"),
    ("Windows", "default: a\r\nstate: on\r\n", Set(("owner",), "us"),
     "owner: us\r\ndefault: a\r\nstate: on\r\n"),
    ("braces", "{default: a, state: on}\n", Set(("state",), "off"), "{default: a, state: off}\n"),
    ("a field in braces, in its place", "{state: on, default: a}\n", Set(("by",), "id"),
     "{state: on, by: id, default: a}\n"),
    ("out of braces", "{state: on, default: a}\n", Remove(("state",)), "{default: a}\n"),
    ("several lines of brackets", "tags: [\n  a,  # one\n  b\n]\ndefault: a\n",
     Insert(("tags",), ("c",)), "tags: [\n  a,  # one\n  b,\n  c\n]\ndefault: a\n"),
    ("with a comma at the end", "tags: [\n  a,\n  b,  # two\n]\ndefault: a\n",
     Insert(("tags",), ("c",)), "tags: [\n  a,\n  b,  # two\n  c,\n]\ndefault: a\n"),
    ("an item out of lines", "tags: [\n  a,  # one\n  b,\n]\ndefault: a\n", Remove(("tags", 1)),
     "tags: [\n  a,  # one\n]\ndefault: a\n"),
    ("empty brackets", "tags: []\ndefault: a\n", Insert(("tags",), ("c",)),
     "tags: [c]\ndefault: a\n"),
    ("a list at its key's column", "tags:\n- a  # one\n# of tags\ndefault: a\n",
     Insert(("tags",), ("b",)), "tags:\n- a  # one\n- b\n# of tags\ndefault: a\n"),
    ("before the first", "tags:\n  - a\ndefault: a\n", Insert(("tags",), ("b",), 0),
     "tags:\n  - b\n  - a\ndefault: a\n"),
    ("comments that are indented belong to the block", ("rules:\n  - name: r\n    serve: a\n"
     "  # more to come\ndefault: a\n"), Set(("schedule",), []),
     "rules:\n  - name: r\n    serve: a\n  # more to come\ndefault: a\nschedule: []\n"),
    ("the first key of an item", "rules:\n  - name: r\n    serve: a\ndefault: a\n",
     Remove(("rules", 0, "name")), "rules:\n  - serve: a\ndefault: a\n"),
    ("four blanks", "environments:\n    staging:\n        state: on\ndefault: a\n",
     Set(("environments", "production", "state"), "off"),
     ("environments:\n    staging:\n        state: on\n    production:\n        state: off\n"
     "default: a\n")),
    ("a block of text", "description: |\n  one\n  two\ndefault: a\n", Set(("description",), "x"),
     "description: x\ndefault: a\n"),
    ("a new block of text", "description: x  # c\ndefault: a\n",
     Set(("description",), "one\n\ntwo\n"),
     "description: |  # c\n  one\n\n  two\ndefault: a\n"),
    ("a block for a word", "when:  # whom\n  any:\n    - {segment: s}\ndefault: a\n",
     Set(("when",), {"segment": "t"}), "when: {segment: t}  # whom\ndefault: a\n"),
    ("a key in quotes", "variants:\n  'a': {value: 1}\ndefault: a\n",
     Rename(("variants", "a"), "b"),
     "variants:\n  'b': {value: 1}\ndefault: a\n"),
    ("an anchor that nobody uses", "tags: &t [a]\ndefault: a\n", Set(("tags",), ["b"]),
     "tags: &t [b]\ndefault: a\n"),
    ("an alias gives way to a value", "owner: &o us\nname: *o\ndefault: a\n",
     Set(("name",), "them"), "owner: &o us\nname: them\ndefault: a\n"),
    ("only what differs", ("rules:\n  - {name: r, serve: a}  # first\n  - {name: s, serve: a}\n"
     "default: a\n"), Set(("rules",), [{"name": "s", "serve": "b"}]),
     "rules:\n  - {name: s, serve: b}\ndefault: a\n"),
    ("a document's start", "--- # flag\ndefault: a\n...\n", Set(("default",), "b"),
     "--- # flag\ndefault: b\n...\n"),
    ("a question mark", "? default\n: a\n", Set(("default",), "b"), "? default\n: b\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "edit", "after"), [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])  # fmt: skip
def test_the_bytes(before: str, edit: Edit, after: str) -> None:
    made = apply_edits(before.encode(), [edit], FILE)
    assert isinstance(made, bytes), made
    assert made.decode() == after


EMPTIED: list[tuple[str, Edit, str]] = [
    ("tags: [a]\ndefault: a\n", Remove(("tags", 0)), "default: a\n"),
    ("rules:\n  - name: r\n    serve: a\ndefault: a\n", Remove(("rules", 0)), "default: a\n"),
    ("environments:\n  staging: {state: off}\ndefault: a\n",
     Remove(("environments", "staging", "state")), "default: a\n"),
    ("environments: {staging: {rules: [{name: r, serve: a}]}}\ndefault: a\n",
     Remove(("environments", "staging", "rules", 0)),
     "environments: {staging: {rules: []}}\ndefault: a\n"),
    ("variants: {a: {value: {x: 1}}}\ndefault: a\n", Remove(("variants", "a", "value", "x")),
     "variants: {a: {value: {}}}\ndefault: a\n"),
    ("rules:\n  - name: r\n    when: [{segment: s}]\n    serve: a\ndefault: a\n",
     Remove(("rules", 0, "when", 0)), "rules:\n  - name: r\n    serve: a\ndefault: a\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "edit", "after"), EMPTIED)
def test_what_is_emptied_goes_unless_empty_says_something(
    before: str, edit: Edit, after: str
) -> None:
    made = apply_edits(before.encode(), [edit], FILE)
    assert isinstance(made, bytes), made
    assert made.decode() == after


SHORT: list[tuple[str, Edit, str]] = [
    ("default: a\n", Set(("default", "serve"), "b"), "default: b\n"),
    ("default: a\n", Set(("default", "percentage"), 5),
     "default: {serve: a, percentage: 5}\n"),
    ("default: {split: {a: 1, b: 1}}\n", Set(("default", "serve", "split", "a"), 2),
     "default: {split: {a: 2, b: 1}}\n"),
    ("default: {split: {a: 1, b: 1}, percentage: 5}\n", Set(("default", "serve"), "a"),
     "default: {serve: a, percentage: 5}\n"),
    ("variants: [a, b]\ndefault: a\n", Remove(("variants", "b")), "variants: [a]\ndefault: a\n"),
    ("variants: [a]\ndefault: a\n", Set(("variants", "b"), {"value": "b"}),
     "variants: [a, b]\ndefault: a\n"),
    ("variants: [a]\ndefault: a\n", Set(("variants", "b", "value"), "x"),
     "variants:\n  a: {value: a}\n  b: {value: x}\ndefault: a\n"),
    ("rules:\n  - {name: r, when: [{segment: s}, {segment: t}], serve: a}\ndefault: a\n",
     Set(("rules", 0, "when", "all", 1, "segment"), "u"),
     "rules:\n  - {name: r, when: [{segment: s}, {segment: u}], serve: a}\ndefault: a\n"),
    ("rules:\n  - {name: r, when: {segment: s}, serve: a}\ndefault: a\n",
     Insert(("rules", 0, "when"), ({"segment": "t"},)),
     "rules:\n  - {name: r, when: [{segment: s}, {segment: t}], serve: a}\ndefault: a\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "edit", "after"), SHORT)
def test_short_forms_of_the_format(before: str, edit: Edit, after: str) -> None:
    made = apply_edits(before.encode(), [edit], FILE)
    assert isinstance(made, bytes), made
    assert made.decode() == after
