"""Promise: what YAML 1.2 says is read as it stands, quoted and plain text kept apart, in order."""

from __future__ import annotations

import time

import pytest

from burgee_compiler.source import DEPTH, MAX_BYTES, Node, Plain, read_yaml


def read(text: str | bytes) -> Node:
    node, found = read_yaml(text.encode() if isinstance(text, str) else text, "a.yaml")
    assert found == []
    assert node is not None
    return node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b", {"a": "b"}),
        ("[a, [], {}]", ["a", [], {}]),
        ("b: 1\na: 2\n", {"b": "1", "a": "2"}),
        ("- a\n-\n  - b\n", ["a", ["b"]]),
        ("a:\nb: ~\n", {"a": "", "b": "~"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("a: >-\n  x\n  y\n", {"a": "x y"}),
        ("---\na: b\n...\n", {"a": "b"}),
        ("%YAML 1.2\n---\na\n", "a"),
        ("# all\n'it''s': \"\\u00e9\\U0001F600\"\n", {"it's": "é😀"}),
        ("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
        ("? a\n: b\n", {"a": "b"}),
        ("on: off", {"on": "off"}),
        ("a: {b, c: }", {"a": {"b": "", "c": ""}}),
        ('"<<": a', {"<<": "a"}),
        ("a: <<", {"a": "<<"}),
    ],
)
def test_what_is_read(text: str, expected: Node) -> None:
    assert read(text) == expected


def test_order_of_keys_is_that_of_the_file() -> None:
    node = read("z: 1\na: 2\nm: 3\n")
    assert isinstance(node, dict)
    assert list(node) == ["z", "a", "m"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a", True),
        ("1.0", True),
        ("'a'", False),
        ('"a"', False),
        ("|\n a", False),
        (">\n a", False),
        ("&x a", True),
        ("&x 'a'", False),
    ],
)
def test_plain_and_quoted_are_told_apart(text: str, plain: bool) -> None:
    assert isinstance(read(text), Plain) is plain


def test_the_empty_value_is_plain_and_the_empty_text_is_not() -> None:
    node = read("a:\nb: ''\n")
    assert isinstance(node, dict)
    assert isinstance(node["a"], Plain)
    assert not isinstance(node["b"], Plain)


def test_keys_keep_their_class() -> None:
    node = read("a: 1\n'b': 2\n")
    assert isinstance(node, dict)
    assert [type(key) for key in node] == [Plain, str]


def test_a_plain_scalar_is_its_source_text() -> None:
    assert read("[1.0, 0x1F, 007, 1_000, .5, 2024-01-01, True]") == [
        *("1.0", "0x1F", "007", "1_000", ".5", "2024-01-01", "True")
    ]


def test_an_alias_is_the_same_object() -> None:
    node = read("a: &x {b: [c]}\nd: *x\ne: &x 1\nf: *x\n")
    assert isinstance(node, dict)
    assert node["d"] is node["a"]
    assert node["f"] is node["e"]  # an anchor may be given anew


def test_an_alias_of_a_scalar_may_be_a_key() -> None:
    assert read("a: &x b\n*x : c\n") == {"a": "b", "b": "c"}


def test_depth_up_to_the_bound_is_read() -> None:
    assert read("[" * DEPTH + "]" * DEPTH)


def test_aliases_up_to_the_bound_are_read() -> None:
    node = read("a: &a [" + "x," * 99 + "]\nb: [" + "*a," * 900 + "]\n")
    assert isinstance(node, dict)
    assert len(node["b"]) == 900


def test_a_file_of_the_largest_size_is_read_and_many_nodes_without_aliases_are_no_finding() -> None:
    text = b"[" + b"u,\n" * ((MAX_BYTES - 2) // 3) + b"]"
    assert len(read(text)) > 300_000


def test_reading_takes_time_in_proportion_to_the_file() -> None:
    """A ratio of two readings, so a slow machine does not matter; quadratic would be 16 to 1."""

    def seconds(entries: int) -> float:
        text = b"".join(b"k%d: [a, b, {c: d}]\n" % number for number in range(entries))
        best = 1e9
        for _ in range(3):
            begin = time.process_time()
            read(text)
            best = min(best, time.process_time() - begin)
        return best

    assert seconds(8_000) < 10 * seconds(2_000)
