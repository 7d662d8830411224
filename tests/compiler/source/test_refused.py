"""Promise: what our YAML does not allow is a finding with code, line, column and a cure."""

from __future__ import annotations

import pytest

from burgee_compiler.diagnostics import CODES, Diagnostic
from burgee_compiler.source import DEPTH, MAX_BYTES, read_yaml


def refuse(text: str | bytes) -> list[Diagnostic]:
    data = text if isinstance(text, bytes) else text.encode()
    node, found = read_yaml(data, "acme/flags/a.yaml")
    assert node is None
    assert all(each.where.file == "acme/flags/a.yaml" for each in found)
    assert all(each.help and each.severity == CODES[each.code].severity for each in found)
    return found


def places(found: list[Diagnostic]) -> list[tuple[str, int | None, int | None]]:
    return [(each.code, each.where.line, each.where.column) for each in found]


CASES: list[tuple[str, str | bytes, list[tuple[str, int, int]]]] = [
    ("latin-1", b"a: 1\nb: caf\xe9\n", [("B101", 2, 7)]),
    ("latin-1 after wide characters", "a: 😀".encode() + b"\xff", [("B101", 1, 5)]),
    ("utf-16", "a: b".encode("utf-16"), [("B101", 1, 1)]),
    ("an encoded surrogate", b"a: \xed\xa0\x80", [("B101", 1, 4)]),
    ("overlong", b"a: \xc0\x80", [("B101", 1, 4)]),
    ("mark", b"\xef\xbb\xbfa: b\n", [("B102", 1, 1)]),
    ("mark and more", b"\xef\xbb\xbfa: b\na: c\n", [("B102", 1, 1), ("B108", 2, 1)]),
    ("controls", "a: \x01\nb: \x07\x00\n", [("B103", 1, 4), ("B103", 2, 4), ("B103", 2, 5)]),
    ("delete", "a: \x7f", [("B103", 1, 4)]),
    ("next line", "a: 'b\x85c'", [("B103", 1, 6)]),
    ("line separator", "a: 1\nb: é\u2028c", [("B103", 2, 5)]),
    ("mark inside", "a: 1\nb: \ufeff2", [("B103", 2, 4)]),
    ("empty", "", [("B105", 1, 1)]),
    ("blank", " \n\n", [("B105", 1, 1)]),
    ("comments", "# a\n# b\n", [("B105", 1, 1)]),
    ("an empty document", "---\n", [("B105", 1, 1)]),
    ("an empty document that ends", "---\n...\n", [("B105", 1, 1)]),
    ("colon in a value", "a: b: c", [("B106", 1, 5)]),
    ("indentation", "a: b\n c: d\n", [("B106", 2, 3)]),
    ("tab", "a:\n\t- b\n", [("B106", 2, 1)]),
    ("tab after text", "a: b\n\tc: d\n", [("B106", 2, 1)]),
    ("at", "a: @b", [("B106", 1, 4)]),
    ("backquote", "a: `b`", [("B106", 1, 4)]),
    ("percent", "a: %b", [("B106", 1, 4)]),
    ("open list", "a: [b,\nc: d\n", [("B106", 2, 5)]),
    ("open mapping", "a: {b: c\n", [("B106", 1, 9)]),
    ("open quote", 'a: "b\nc: d\n\n', [("B106", 1, 4)]),
    ("escape", '"\\q"', [("B106", 1, 2)]),
    ("surrogate escape", '"\\ud800"', [("B106", 1, 4)]),
    ("list on the line of a key", "a: - b", [("B106", 1, 4)]),
    ("after the quote", "a: 'b' c", [("B106", 1, 8)]),
    ("after the document", "[a] b", [("B106", 1, 5)]),
    ("list and keys", "- a\nb: c", [("B106", 2, 1)]),
    ("no colon", "a: b\nc\n", [("B106", 2, 1)]),
    ("star", "a: *\n", [("B106", 1, 5)]),
    ("unknown directive", "%FOO\n---\na", [("B106", 1, 5)]),
    ("documents", "a: b\n---\nc: d\n---\n", [("B107", 2, 1)]),
    ("two keys", "a: 1\nb: 2\na: 3\nb: 4\na: 5\n", [("B108", n, 1) for n in (3, 4, 5)]),
    ("in flow", "{a: {b: 1, b: 2}}", [("B108", 1, 12)]),
    ("quoted and plain", "1: a\n'1': b\n", [("B108", 2, 1)]),
    ("merge", "a: &a {b: c}\nd: {<<: *a}\n", [("B109", 2, 5)]),
    ("merge of two", "a: &a {b: c}\nd: {<<: [*a, *a]}\n", [("B109", 2, 5)]),
    ("tag", "a: !!str b\n!x c: d\n", [("B110", 1, 4), ("B110", 2, 1)]),
    ("tag of a mapping", "a: !x {b: c}", [("B110", 1, 4)]),
    ("tag that says nothing", "a: ! b", [("B110", 1, 4)]),
    ("tag of an unknown handle", "a: !e!b c", [("B110", 1, 4)]),
    ("tag that is not closed", "a: !<x", [("B110", 1, 7)]),
    ("mapping as a key", "{a: b}: c\n", [("B111", 1, 1)]),
    ("list as a key", "? [a]\n: b\n? {c: d}\n: e\n", [("B111", 1, 3), ("B111", 3, 3)]),
    ("template", "{{ name }}: 5\n", [("B111", 1, 1)]),
    ("alias of a list as a key", "a: &x [b]\n*x : c\n", [("B111", 2, 1)]),
    ("deep list", "[" * 65 + "]" * 65, [("B112", 1, 65)]),
    ("deep blocks", "- " * 100_000, [("B112", 1, 129)]),
    ("deep braces", "{a: " * 100_000, [("B112", 1, 257)]),
    ("deep brackets", "[" * 1_000_000, [("B112", 1, 65)]),
    ("deep keys", "{" * 100_000, [("B111", 1, 2), ("B112", 1, 65)]),
    ("deep question marks", "? " * 100_000, [("B111", 1, 3), ("B112", 1, 129)]),
    ("anchors", "a: *b\nc: *d\n", [("B114", 1, 4), ("B114", 2, 4)]),
    ("anchor below", "a: *b\nc: &b d\n", [("B114", 1, 4)]),
    ("in itself", "a: &b [*b, {c: *b}]\n", [("B115", 1, 8), ("B115", 1, 16)]),
    ("in itself as a key", "&a {*a : b}", [("B115", 1, 5)]),
    ("version", "%YAML 1.1\n---\na: b\n", [("B116", 1, 1)]),
    ("another version", "%YAML 3.0\n---\na: b\n", [("B116", 1, 1)]),
    (
        "several kinds in one run",
        "a: !x 1\na: 2\nb: *c\n{}: 3\nd: e: f\n",
        [("B110", 1, 4), ("B108", 2, 1), ("B114", 3, 4), ("B111", 4, 1), ("B106", 5, 5)],
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_refused_and_where(text: str | bytes, expected: list[tuple[str, int, int]]) -> None:
    assert places(refuse(text)) == expected


MESSAGES = [
    (b"a\xe9", "the byte 0xE9 is not UTF-8", "save the file as UTF-8"),
    (
        "a: b".encode("utf-16"),
        "the byte 0xFF is not UTF-8",
        "save the file as UTF-8; it looks like UTF-16",
    ),
    (
        b"a: 'b\xe2\x80\xa8'",
        "the character U+2028 is not allowed here",
        'remove it; in a text in double quotes it can be written as "\\u2028"',
    ),
    (b"a:\n\t- b\n", "a tab is used to indent", "indent with blanks: YAML allows no tabs there"),
    (b"a: @b", "a value cannot begin with @", "put the value in quotes"),
    (
        b"a: &b !!int 1",
        "the tag !!int is used",
        "leave the tag out: put a text in quotes, write numbers and booleans plain",
    ),
    (b"a: 1\na: 2", 'the key "a" stands twice in one mapping', "keep one of the two"),
    (b"%YAML 1.1\n---\na", "the file asks for YAML 1.1", None),
    (b"a: *b", "no anchor &b stands above *b", None),
    (b"a: &b [*b]", "*b stands inside what &b names", None),
]


@pytest.mark.parametrize(("text", "message", "cure"), MESSAGES)
def test_message_and_help(text: bytes, message: str, cure: str | None) -> None:
    found = refuse(text)[0]
    assert found.message == message
    assert cure in (None, found.help)


def test_a_duplicate_points_at_the_first() -> None:
    label = refuse("a: 1\n# between\nb: 2\n  \na: 3\n")[0].labels[0]
    assert (label.where.line, label.where.column) == (1, 1)
    assert label.text == "it stands here first"


def test_a_bracket_that_is_not_closed_points_at_where_it_was_opened() -> None:
    found = refuse("a: 1\nb: [c,\nd: e\nf: g\n")[0]
    assert found.message == "the list is not closed, or a comma is missing"
    assert [(each.where.line, each.where.column, each.text) for each in found.labels] == [
        (2, 4, "the list begins here")
    ]


def test_lines_are_counted_as_editors_do() -> None:
    """libyaml also counts U+2028 as a line break; that would put findings on the wrong line."""
    found = refuse("a: '\u2028\u2028'\nb: 1\nb: 2\n")
    assert [each.where.line for each in found] == [1, 1]


def test_columns_are_code_points() -> None:
    assert places(refuse("{é😀: 1, é😀: 2}")) == [("B108", 1, 9)]


def test_a_file_over_the_limit_is_not_read() -> None:
    found = refuse(b"[" * (MAX_BYTES + 1))
    assert [each.code for each in found] == ["B104"]
    assert found[0].message == "the file has 1,048,577 bytes; 1,048,576 is the most"


def test_aliases_of_aliases_are_bounded() -> None:
    lines = (f"a{n + 1}: &a{n + 1} [" + f"*a{n}," * 9 + "]\n" for n in range(9))
    laughs = "a0: &a0 [" + "x," * 9 + "]\n" + "".join(lines)
    assert [each.code for each in refuse(laughs)] == ["B113"]


def test_long_texts_repeated_by_aliases_are_bounded() -> None:
    text = "a: &a '" + "x" * 500_000 + "'\nb: [" + "*a," * 20 + "]\n"
    assert [each.code for each in refuse(text)] == ["B113"]


def test_depth_through_aliases_is_bounded() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(DEPTH + 9))
    assert places(refuse(chain)) == [("B112", DEPTH, 12)]


def test_many_findings_end_with_a_note() -> None:
    found = refuse("a: 1\n" * 5_000)
    assert len(found) == 100
    assert found[-1].notes == ("reading stopped after 100 findings in this file",)
    assert len(refuse("\x01" * 5_000)) == 20
