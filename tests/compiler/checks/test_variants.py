"""Promise: variants have the flag's type everywhere, and environments keep their names."""

from __future__ import annotations

import pytest

from support.checking import FLAG, check_files, codes_of, short


def values(*texts: str, kind: str = "") -> str:
    lines = "".join(f"  v{n}: {{value: {text}}}\n" for n, text in enumerate(texts))
    stated = f"type: {kind}\n" if kind else ""
    return f"{stated}variants:\n{lines}default: v0\n"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("boolean", ["true", "FALSE", "null"], ["on", "1", '"true"', "{}"]),
        ("string", ["on", "x", '"1"', "''", "2024-01-01"], ["1", "true", "[]", "1.5"]),
        ("integer", ["0", "-5", "0x1F", "null"], ["1.0", "1e3", '"1"', "true", "x"]),
        ("number", ["0", "1.5", "-2e3"], ['"1"', "false", "[1]"]),
        ("object", ["{}", "[]", "{a: [1, null]}", "null"], ["1", "x", "true"]),
    ],
)
def test_stated_types(kind: str, good: list[str], bad: list[str]) -> None:
    for text in good:
        assert set(codes_of(values(text, kind=kind))) <= {"B701"}, text
    for text in bad:
        assert codes_of(values(text, kind=kind)) == ["B211"], text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (values("1", "2.5"), []),
        (values("{}", "[]"), []),
        (values("1", "x"), ["B314"]),
        (values("1", "x", "true", "2"), ["B314"]),
        (values("null"), ["B314"]),
        (values("null", kind="string"), []),
        ("variants: [a, 1, true-ish]\ndefault: a\n", []),
        ("type: boolean\ndefault: off\n", []),
        ("type: integer\ndefault: off\n", ["B211"]),
    ],
)
def test_inferred_types(text: str, expected: list[str]) -> None:
    assert codes_of(text) == expected


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        ("{a: {value: 5}, b: {value: 6}}", []),
        ("{b: {value: 6}, a: {value: 5}}", []),
        ("{a: {value: 5}, b: {value: null}}", []),
        ("{a: {value: 5}}", ["B313 environments.staging.variants"]),
        ("{a: {value: 5}, b: {value: 6}, c: {value: 7}}", ["B313 environments.staging.variants"]),
        (
            "[a, b]",
            [
                "B211 environments.staging.variants.a.value",
                "B211 environments.staging.variants.b.value",
            ],
        ),
        ("{a: {value: 5}, b: {value: 6.5}}", ["B211 environments.staging.variants.b.value"]),
    ],
)
def test_overlays(overlay: str, expected: list[str]) -> None:
    text = (
        "variants: {a: {value: 1}, b: {value: 2}}\ndefault: a\nenvironments: {staging: {variants: "
    )
    found = check_files({FLAG: f"{text}{overlay}}}}}\n"})
    assert [short(each) for each in found] == expected


@pytest.mark.parametrize(
    "use",
    [
        "off_variant: own",
        "overrides: [{user: u, serve: own}]",
        "rules: [{name: r, when: {attribute: a, eq: 1}, serve: own}]",
        "rules: [{name: r, serve: {split: {one: 1, own: 1}}}]",
        "environments: {staging: {off_variant: own}}",
        "schedule: [{at: 2026-12-01, set: {default: own}}]",
        "rules: [{name: r, serve: one, environments: {staging: {serve: own}}}]",
        "rules: [{name: r, serve: one, schedule: [{at: 2026-12-01, set: {serve: own}}]}]",
    ],
)
def test_a_null_that_is_served_somewhere_is_in_use(use: str) -> None:
    text = f"variants: {{one: {{value: 1}}, own: {{value: null}}}}\ndefault: one\n{use}\n"
    assert codes_of(text) == []
    assert codes_of(text.replace(use, "state: off")) == ["B701"]
