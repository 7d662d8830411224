"""Promise: no bytes make reader, resolver or locator raise, and a fault always has a finding."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from burgee_compiler.diagnostics import Where, place, render_text
from burgee_compiler.source import Node, Unresolvable, locate, read_yaml, resolve

GOOD = """\
name: One-page checkout
tags: [checkout, web]
metadata: {team: payments, tier: 2}
variants: &variants
  classic: {value: {steps: 3}}
  "one-page": {value: null, description: 'it''s'}
rules:
  - name: ramp   # a gate
    when:
      - {attribute: app.version, semver_gte: 3.12.0}
    percentage: 5
    text: |
      two
      lines
environments: {staging: {variants: *variants}}
"""
PIECES = [
    *("{", "}", "[", "]", ": ", ":", ", ", "- ", "? ", "&a ", "*a", "<<: ", "!x ", "!!", "|\n"),
    *('"', "'", "#", "\n", "\r\n", "\t", "---\n", "...\n", "%YAML 1.1\n", "@", "`", "\\", ">"),
    *("\x00", "\x85", "\u2028", "\ufeff", "é", "😀", ".inf", "1e999", "9" * 30, "0o8", "~", "  "),
]
PATHS: list[tuple[str | int, ...]] = [(), ("rules", 0, "when", 0), ("a",), (0, 0), ("variants", 1)]


def check(text: bytes) -> None:
    node, found = read_yaml(text, "a.yaml")
    assert (node is None) == bool(found)
    for path in PATHS:
        for part in ("key", "value"):
            span = locate(text, Where("a.yaml", path, part))
            assert 1 <= span.line <= span.end_line
            assert (span.line, span.column) <= (span.end_line, span.end_column)
            assert span.column >= 1
    assert len(render_text(place(found, lambda _: text)).split("\n\n")) >= len(found)
    if node is not None:
        check_tree(node)


def check_tree(node: Node) -> None:
    try:
        resolve(node)
    except Unresolvable as refused:
        below: Node = node
        for step in refused.path:
            below = below[step]  # type: ignore[index]
        assert isinstance(below, str)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(text: bytes) -> None:
    check(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, "a", "b", "rules"]), max_size=40))
def test_any_row_of_what_yaml_is_made_of(pieces: list[str]) -> None:
    check("".join(pieces).encode())


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(GOOD)),
            st.integers(0, 4),
            st.one_of(st.sampled_from(PIECES), st.text(max_size=3)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_edit_of_a_good_file(edits: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for offset, dropped, piece in edits:
        text = text[:offset] + piece + text[offset + dropped :]
    check(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD)), st.binary(min_size=1, max_size=3))
def test_any_bytes_inside_a_good_file(offset: int, piece: bytes) -> None:
    check(GOOD.encode()[:offset] + piece + GOOD.encode()[offset:])


def test_every_beginning_of_a_good_file() -> None:
    for end in range(len(GOOD)):
        check(GOOD[:end].encode())
