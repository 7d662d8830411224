"""Promise: text shows the line, a caret under the very place, and what to do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee_compiler.diagnostics import (
    Label,
    Where,
    diagnostic,
    place,
    render_text,
    summary,
)
from burgee_compiler.diagnostics.safe import printable, width
from burgee_compiler.source.lines import Lines, decode

TEXT = "name: A\ndefault: off\nkey: 漢字\n\tx: é\nname: B\n"  # the tab is a fault


def shown(where: Where, text: str = TEXT, **more: object) -> str:
    found = diagnostic("B108", "the message", where, **more)  # type: ignore[arg-type]
    return render_text(place([found], lambda file: text.encode() if file == "a.yaml" else None))


def test_the_whole_form() -> None:
    where = Where("a.yaml", line=5, column=1)
    label = Label(Where("a.yaml", line=1, column=1), "it stands here first")
    assert shown(where, labels=(label,), notes=("a note",), help="keep one") == (
        "error[B108]: the message\n"
        " --> a.yaml:5:1\n"
        "  |\n"
        "5 | name: B\n"
        "  | ^^^^\n"
        " ::: a.yaml:1:1\n"
        "  |\n"
        "1 | name: A\n"
        "  | ^^^^ it stands here first\n"
        "  = note: a note\n"
        "  = help: keep one\n"
    )


def test_the_margin_is_as_wide_as_the_largest_line_number() -> None:
    text = "\n" * 1233 + "varients: 1\n"
    found = shown(Where("a.yaml", ("varients",), "key"), text, help='did you mean "variants"?')
    assert found == (
        "error[B108]: the message\n"
        "    --> a.yaml:1234:1\n"
        "     |\n"
        "1234 | varients: 1\n"
        "     | ^^^^^^^^\n"
        '     = help: did you mean "variants"?\n'
    )


def test_a_file_as_a_whole() -> None:
    assert shown(Where("acme/flags"), help="remove it") == (
        "error[B108]: the message\n --> acme/flags\n  |\n  = help: remove it\n"
    )


def test_a_label_without_a_line_says_its_text() -> None:
    label = Label(Where("gone.txt"), "the other one")
    assert "::: gone.txt\n  = the other one\n" in shown(Where("acme/x.csv"), labels=(label,))


@pytest.mark.parametrize(
    ("where", "line", "carets"),
    [
        (Where("a.yaml", line=3, column=6), "3 | key: 漢字", "  |      ^^^^"),
        (Where("a.yaml", line=4, column=5), "4 |     x: é", "  |        ^"),
        (Where("a.yaml", line=4, column=1), "4 |     x: é", "  | ^^^^"),
        (Where("a.yaml", line=2), "2 | default: off", "  | ^^^^^^^^^^^^"),
        (Where("a.yaml", line=2, column=13), "2 | default: off", "  |             ^"),
    ],
)
def test_carets(where: Where, line: str, carets: str) -> None:
    assert shown(where).split("\n")[3:5] == [line, carets]


def test_a_value_of_wide_characters() -> None:
    found = shown(Where("a.yaml", ("a", "漢"), "key"), "a: {字: 1, 漢: 2}\n")
    assert found.split("\n")[3:5] == ["1 | a: {字: 1, 漢: 2}", "  |            ^^"]


def test_what_goes_over_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    text = "a:\n  b: 1   \n  c: 2\n"
    assert shown(Where("a.yaml", ("a",)), text).split("\n")[3:5] == ["2 |   b: 1", "  |   ^^^^"]


def test_a_long_line_is_cut_around_the_place() -> None:
    text = "[" + "aaaa, " * 5_000 + "here, " + "bbbb, " * 5_000 + "]"
    lines = shown(Where("a.yaml", (5_000,)), text).split("\n")
    assert len(lines[3]) < 130
    begin = lines[4].index("^")
    assert lines[4].count("^") == 4
    assert lines[3][begin : begin + 4] == "here"


def test_help_of_several_lines_is_hanging() -> None:
    found = shown(Where("a.yaml", ("name",)), help="add\nat: 2026-11-21")
    assert found.endswith("  = help: add\n          at: 2026-11-21\n")


def test_control_characters_are_escaped_everywhere() -> None:
    evil = "\x1b[2J\u202e\r"
    found = diagnostic(
        "B108", evil, Where(f"{evil}.yaml", line=1, column=1), notes=(evil,), help=evil
    )
    text = render_text(place([found], lambda _: f"a: {evil}".encode()))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)


def test_colour_changes_nothing_but_colour() -> None:
    located = place(
        [diagnostic("B108", "m", Where("a.yaml", ("name",)), help="h")], lambda _: TEXT.encode()
    )
    coloured = render_text(located, colour=True)
    assert "\x1b[1;31merror[B108]\x1b[0m: m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_text(located)


def test_findings_are_set_apart_by_an_empty_line() -> None:
    found = [diagnostic("B108", str(n), Where("a.yaml", ("name",))) for n in range(3)]
    text = render_text(place(found, lambda _: TEXT.encode()))
    assert text.count("\n\n") == 2
    assert text.endswith("^\n")
    assert render_text([]) == ""


@pytest.mark.parametrize(
    ("severities", "files", "expected"),
    [
        ([], "", "no findings"),
        (["error"], "a", "1 error in 1 file"),
        (["error", "error", "warning"], "abc", "2 errors, 1 warning in 3 files"),
        (["note", "note"], "aa", "2 notes in 1 file"),
        (["warning"] * 1_000, "a" * 1_000, "1,000 warnings in 1 file"),
    ],
)
def test_summary(severities: list[str], files: str, expected: str) -> None:
    from msgspec.structs import replace  # noqa: PLC0415

    found = [
        replace(diagnostic("B108", "m", Where(file)), severity=severity)
        for severity, file in zip(severities, files, strict=True)
    ]
    assert summary(place(found, lambda _: None)) == expected


@given(st.text(), st.integers(1, 5), st.integers(1, 300), st.text(max_size=5))
def test_carets_never_leave_the_line(text: str, line: int, column: int, message: str) -> None:
    found = diagnostic("B106", message, Where("a.yaml", line=line, column=column))
    data = text.encode("utf-8", "surrogatepass")
    lines = render_text(place([found], lambda _: data)).split("\n")
    if len(lines) > 5:
        # Blanks at the end of the line are not printed, but the place may be among them.
        source = Lines(decode(data)).line(line) or ""
        assert width(lines[4].rstrip()) <= max(width(lines[3]), 4 + width(printable(source))) + 1
