"""Promise: tools get what they expect: JSON, GitHub commands, SARIF 2.1.0 and Markdown, escaped."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee_compiler.diagnostics import (
    CODES,
    Fix,
    Label,
    Located,
    Where,
    diagnostic,
    json_form,
    place,
    render_github,
    render_json,
    render_markdown,
    render_sarif,
)

EVIL = "50%, a:b\r\n::error::|`<b>`@all \x1b[0m\ud800"


def located(message: str = "the message", file: str = "acme/flags/a.yaml") -> list[Located]:
    found = diagnostic(
        "B108",
        message,
        Where(file, ("b",), "key"),
        labels=(Label(Where(file, ("a",)), "here first"),),
        notes=("a note",),
        help="keep one",
        fix=Fix("c"),
        subject="acme/a",
    )
    return place([found], lambda _: b"a: 1\nb: 2\n")


def whole() -> list[Located]:
    return place([diagnostic("B105", "empty", Where("acme/x"))], lambda _: None)


def test_json_has_every_field() -> None:
    assert json.loads(render_json(located())) == {
        "findings": [
            {
                "code": "B108",
                "name": "duplicate-key",
                "severity": "error",
                "message": "the message",
                "file": "acme/flags/a.yaml",
                "line": 2,
                "column": 1,
                "end_line": 2,
                "end_column": 2,
                "labels": [
                    {
                        "file": "acme/flags/a.yaml",
                        "line": 1,
                        "column": 4,
                        "end_line": 1,
                        "end_column": 5,
                        "text": "here first",
                    }
                ],
                "notes": ["a note"],
                "help": "keep one",
                "subject": "acme/a",
                "fix": {"text": "c"},
                "docs": "docs/reference/diagnostics/B108.md",
            }
        ],
        "summary": {"errors": 1, "warnings": 0, "notes": 0, "files": 1},
    }


def test_json_of_a_file_as_a_whole() -> None:
    form = json_form(whole()[0])
    assert (form["line"], form["end_column"], form["help"], "fix" in form) == (None,) * 3 + (False,)


def test_github() -> None:
    assert render_github(located()) == (
        "::error file=acme/flags/a.yaml,line=2,col=1,endColumn=2,title=B108 duplicate-key"
        "::the message%0Anote: a note%0Ahelp: keep one\n"
    )
    assert render_github(whole()) == "::error file=acme/x,title=B105 empty-file::empty\n"


def test_github_escapes_what_would_end_a_property_or_the_command() -> None:
    line = render_github(located("100% of a:b, c\r\n::set-env", file="a:b,c%d\n.yaml"))
    assert line.count("\n") == 1
    assert line.startswith("::error file=a%3Ab%2Cc%25d%0A.yaml,line=2,")
    assert "::100%25 of a:b, c%0D%0A::set-env%0A" in line


@pytest.fixture
def sarif() -> dict[str, Any]:
    log: dict[str, Any] = json.loads(render_sarif([*located(), *whole()], "1.2.3"))
    return log


def test_sarif_log(sarif: dict[str, Any]) -> None:
    assert set(sarif) == {"$schema", "version", "runs"}
    assert sarif["version"] == "2.1.0"
    assert len(sarif["runs"]) == 1
    run = sarif["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["name"] == "burgee"
    assert run["tool"]["driver"]["version"] == "1.2.3"
    assert "version" not in json.loads(render_sarif([]))["runs"][0]["tool"]["driver"]


def test_sarif_rules_are_the_table(sarif: dict[str, Any]) -> None:
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(CODES)
    for rule, code in zip(rules, CODES.values(), strict=True):
        assert rule["shortDescription"]["text"] == f"{code.summary}."
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")


def test_sarif_results(sarif: dict[str, Any]) -> None:
    run = sarif["runs"][0]
    first, second = run["results"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "error"
    assert first["message"] == {"text": "the message\nNote: a note\nHelp: keep one"}
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "acme/flags/a.yaml"},
                "region": {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 2},
            }
        }
    ]
    related = first["relatedLocations"][0]
    assert related["message"] == {"text": "here first"}
    assert related["physicalLocation"]["region"]["startLine"] == 1
    assert second["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "acme/x"}}}]


def test_sarif_names_files_as_relative_uris() -> None:
    text = render_sarif(located(file="acme/flags/a b#c%\udcff.yaml"))
    uri = json.loads(text)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert re.fullmatch(
        r"acme/flags/a%20b%23c%25(%[0-9A-F]{2})+\.yaml", uri["artifactLocation"]["uri"]
    )
    assert "file:" not in text


def test_markdown() -> None:
    assert render_markdown(located("set `a|b` @all <b>")) == (
        "**1 error in 1 file**\n"
        "\n"
        "| | where | finding |\n"
        "|---|---|---|\n"
        "| error B108 | `acme/flags/a.yaml:2:1` | set \\`a\\|b\\` @<!-- -->all \\<b\\>"
        "<br>note: a note<br>help: keep one |\n"
    )
    assert render_markdown([]) == "**no findings**\n"
    assert "| `acme/x` |" in render_markdown(whole())


def test_markdown_rows_stay_rows() -> None:
    rows = render_markdown(located(EVIL, file="a|`b\n.yaml")).splitlines()
    assert len(rows) == 5
    assert len(re.findall(r"(?<!\\)\|", rows[4])) == 4


@given(st.text(), st.text(min_size=1))
def test_no_text_breaks_a_renderer(message: str, file: str) -> None:
    found = located(message, file)
    assert json.loads(render_json(found))["findings"][0]["message"] == message
    assert json.loads(render_sarif(found))["runs"][0]["results"][0]["ruleId"] == "B108"
    assert render_github(found).count("\n") == 1
    assert len(render_markdown(found).splitlines()) == 5


def test_lone_surrogates_can_be_written_out() -> None:
    found = located(EVIL, file="\udcff.yaml")
    for render in (render_json, render_sarif, render_markdown):
        render(found).encode()
