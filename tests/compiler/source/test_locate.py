"""Promise: a path leads to the line and column that an editor shows, or to the nearest above it."""

from __future__ import annotations

from importlib import import_module
from typing import Literal

import pytest

from burgee_compiler.diagnostics import Where
from burgee_compiler.source import Places, Span, locate

TEXT = """\
# a flag
name: "One page"
tags: [a, bé,  c]
variants:
  on: {value: 1}
  'off':
    value: |
      two
      lines

rules:
  - name: ramp
    when: {attribute: plan,
           in: [x]}
  -
    name: other
empty:
used: &used {a: 1}
again: *used
"""


@pytest.mark.parametrize(
    ("path", "part", "expected"),
    [
        (("name",), "value", (2, 7, 2, 17)),
        (("name",), "key", (2, 1, 2, 5)),
        (("tags",), "value", (3, 7, 3, 18)),
        (("tags", 1), "value", (3, 11, 3, 13)),
        (("tags", 2), "value", (3, 16, 3, 17)),
        (("tags", 2), "key", (3, 16, 3, 17)),
        (("variants",), "key", (4, 1, 4, 9)),
        (("variants",), "value", (5, 3, 9, 12)),
        (("variants", "on", "value"), "value", (5, 15, 5, 16)),
        (("variants", "off"), "key", (6, 3, 6, 8)),
        (("variants", "off", "value"), "value", (7, 12, 9, 12)),
        (("rules", 0), "value", (12, 5, 14, 20)),
        (("rules", 0, "when"), "value", (13, 11, 14, 20)),
        (("rules", 0, "when", "in", 0), "value", (14, 17, 14, 18)),
        (("rules", 1, "name"), "key", (16, 5, 16, 9)),
        (("empty",), "value", (17, 7, 17, 7)),
        (("empty",), "key", (17, 1, 17, 6)),
        (("again",), "value", (19, 8, 19, 13)),
        (("again", "a"), "value", (18, 17, 18, 18)),
        ((), "value", (2, 1, 19, 13)),
        ((), "key", (2, 1, 19, 13)),
        # What does not exist: the nearest ancestor.
        (("variants", "on", "nope"), "value", (5, 7, 5, 17)),
        (("variants", "on", "nope"), "key", (5, 7, 5, 17)),
        (("variants", "on", "value", "deeper", 3), "value", (5, 15, 5, 16)),
        (("tags", 9), "value", (3, 7, 3, 18)),
        (("tags", -1), "value", (3, 7, 3, 18)),
        (("tags", "1"), "value", (3, 7, 3, 18)),
        (("nope", 1, 2), "key", (2, 1, 19, 13)),
    ],
)
def test_paths(
    path: tuple[str | int, ...],
    part: Literal["key", "value"],
    expected: tuple[int, int, int, int],
) -> None:
    assert locate(TEXT.encode(), Where("a.yaml", path, part)) == Span(*expected)


SHORT = """\
default: {split: {a: 1, b: 2}}
variants: [a, 'b']
when:
  - {any: [[{segment: x}, {segment: y}]]}
off_variant: b
"""


@pytest.mark.parametrize(
    ("path", "part", "expected"),
    [
        # A short form leaves a step out: the path leads on behind it.
        (("default", "serve", "split", "b"), "value", (1, 28, 1, 29)),
        (("default", "serve", "split", "b"), "key", (1, 25, 1, 26)),
        (("off_variant", "serve"), "value", (5, 14, 5, 15)),
        (("when", "all", 0, "any", 0, "all", 1, "segment"), "value", (4, 37, 4, 38)),
        # A list of names stands for a mapping of them.
        (("variants", "a", "value"), "value", (2, 12, 2, 13)),
        (("variants", "b"), "value", (2, 15, 2, 18)),
        (("variants", "c", "value"), "value", (2, 11, 2, 19)),
    ],
)
def test_short_forms(
    path: tuple[str | int, ...],
    part: Literal["key", "value"],
    expected: tuple[int, int, int, int],
) -> None:
    assert locate(SHORT.encode(), Where("a.yaml", path, part)) == Span(*expected)


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        (2, 1, (2, 1, 2, 5)),
        (2, 7, (2, 7, 2, 17)),
        (3, 11, (3, 11, 3, 13)),
        (3, 7, (3, 7, 3, 8)),
        (12, None, (12, 3, 12, 15)),
        (10, None, (10, 1, 10, 1)),
        (3, 40, (3, 40, 3, 40)),
        (99, 1, (99, 1, 99, 1)),
    ],
)
def test_a_place_that_is_known_becomes_the_span_of_its_word(
    line: int, column: int | None, expected: tuple[int, int, int, int]
) -> None:
    assert locate(TEXT.encode(), Where("a.yaml", line=line, column=column)) == Span(*expected)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_every_line_break(line_break: str) -> None:
    text = TEXT.replace("\n", line_break).encode()
    assert locate(text, Where("a.yaml", ("rules", 1, "name"))) == Span(16, 11, 16, 16)


def test_keys_are_found_by_their_text() -> None:
    assert locate(b"5: {true: a}", Where("a.yaml", (5, "true"))) == Span(1, 11, 1, 12)


def test_a_byte_order_mark_takes_no_column() -> None:
    assert locate(b"\xef\xbb\xbfa: b", Where("a.yaml", ("a",))) == Span(1, 4, 1, 5)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        (b"", ("a",), Span(1, 1, 1, 1)),
        (b"\xff\xfe", ("a",), Span(1, 1, 1, 3)),
        (b"a: {b: 1\nc: @", ("a", "b"), Span(1, 8, 1, 9)),
        (b"[" * 100_000, (0, 0), Span(1, 3, 1, 4)),
        (b"a: 1\na: 2\n", ("a",), Span(1, 4, 1, 5)),
        (b"a: &a [*a]", ("a", 0, 0, 0), Span(1, 8, 1, 10)),
        (b"a: *b", ("a", "c"), Span(1, 4, 1, 6)),
    ],
)
def test_broken_files_lead_to_what_can_be_read(
    text: bytes, path: tuple[str | int, ...], expected: Span
) -> None:
    span = locate(text, Where("a.yaml", path))
    assert (span.line, span.column) == (expected.line, expected.column)


def test_many_questions_read_the_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(TEXT.encode())
    first = places.span(Where("a.yaml", ("name",)))

    def refuse(text: str) -> None:
        raise AssertionError(text)

    # The package has a function of the module's name.
    monkeypatch.setattr(import_module("burgee_compiler.source.locate"), "events", refuse)
    assert places.span(Where("a.yaml", ("name",))) == first
