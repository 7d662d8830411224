"""Promise: no text of a repository can steer a terminal, and carets stand under what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee_compiler.diagnostics.safe import columns, printable, width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\tb", "a    b"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\n", "a\\x0db\\x0a"),
        ("\u202eabc", "\\u202eabc"),
        ("\u2066x\ufeff", "\\u2066x\\ufeff"),
        ("\x85\x9b", "\\x85\\x9b"),
        ("\ud800", "\\ud800"),
        ("a\u00a0b é 漢字 😀", "a\u00a0b é 漢字 😀"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", 3), ("é", 1), ("e\u0301", 1), ("漢字", 4), ("😀", 2), ("", 0)],
)
def test_width(text: str, expected: int) -> None:
    assert width(text) == expected


def test_columns_after_tabs_and_wide_characters() -> None:
    assert columns("\t漢: x", 4, 5) == (8, 9)


@given(st.text(alphabet=st.characters()))
def test_nothing_that_is_printed_is_a_control(text: str) -> None:
    shown = printable(text)
    assert not any(ord(each) < 32 or 0x7F <= ord(each) < 0xA0 for each in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()
