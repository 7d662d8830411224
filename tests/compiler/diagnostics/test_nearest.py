"""Promise: a misspelt word finds the known one that was meant, and a foreign word finds none."""

from __future__ import annotations

import pytest

from burgee_compiler.diagnostics import nearest

FIELDS = ["default", "description", "off_variant", "overrides", "rules", "state", "variants"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("varients", "variants"),
        ("variant", "variants"),
        ("Default", "default"),
        ("off-variant", "off_variant"),
        ("offVariant", "off_variant"),
        ("override", "overrides"),
        ("desciption", "description"),
        ("xyz", None),
        ("", None),
        ("v" * 100_000, None),
    ],
)
def test_fields(word: str, expected: str | None) -> None:
    assert nearest(word, FIELDS) == expected


def test_nothing_known() -> None:
    assert nearest("a", []) is None


def test_the_order_of_the_known_words_does_not_matter() -> None:
    words = ["flag-a", "flag_a", "flag-b", "Flag-a"]
    assert nearest("flag-aa", words) == nearest("flag-aa", words[::-1])
    assert len({nearest("flag-aa", {*words}) for _ in range(3)}) == 1
