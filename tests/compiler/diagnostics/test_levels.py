"""Promise: burgee.yaml raises, lowers and silences advice; what cannot be built stays an error."""

from __future__ import annotations

import pytest

from burgee_compiler.diagnostics import (
    CODES,
    Code,
    Severity,
    Where,
    apply_levels,
    diagnostic,
    level_problem,
    levels,
)


@pytest.fixture(autouse=True)
def advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CODES, "B798", Code("B798", "some-advice", "0.1", "warning", "Advice"))
    monkeypatch.setitem(CODES, "B799", Code("B799", "quiet-advice", "0.1", "off", "Advice"))


@pytest.mark.parametrize(
    ("code", "wanted", "expected"),
    [
        ("B798", {}, ["warning"]),
        ("B798", {"B798": "error"}, ["error"]),
        ("B798", {"B798": "note"}, ["note"]),
        ("B798", {"B798": "off"}, []),
        ("B798", {"B799": "off"}, ["warning"]),
        ("B799", {}, []),
        ("B799", {"B799": "warning"}, ["warning"]),
        ("B108", {"B108": "off"}, ["error"]),
        ("B108", {"B108": "warning"}, ["error"]),
    ],
)
def test_levels(code: str, wanted: dict[str, Severity], expected: list[Severity]) -> None:
    found = diagnostic(code, "m", Where("a.yaml"), help="h")
    applied = apply_levels([found], wanted)
    assert [each.severity for each in applied] == expected
    assert all((each.code, each.message, each.help) == (code, "m", "h") for each in applied)


@pytest.mark.parametrize(
    ("code", "level", "problem"),
    [
        ("B798", "off", None),
        ("B108", "error", None),
        ("B108", "off", "B108 (duplicate-key) is always an error: nothing can be built past it"),
        ("b108", "off", 'there is no finding "b108"; did you mean "B108"?'),
        ("everything", "off", 'there is no finding "everything"'),
    ],
)
def test_entries_that_make_no_sense(code: str, level: Severity, problem: str | None) -> None:
    assert level_problem(code, level) == problem


def test_order_is_kept() -> None:
    found = [
        diagnostic(code, str(n), Where("a.yaml")) for n, code in enumerate(["B798", "B108"] * 3)
    ]
    assert [each.message for each in levels.apply_levels(found, {})] == list("012345")
