"""Promise: table and pages of the codes are one: each code has its page, each page its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burgee_compiler.diagnostics import CODES, Diagnostic, Where, diagnostic
from burgee_compiler.source import Unresolvable, read_yaml, resolve

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "diagnostics"


def test_every_page_has_a_code() -> None:
    pages = {page.stem for page in PAGES.glob("*.md")} - {"index", "README"}
    assert pages - set(CODES) == set()


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_page_with_its_name_as_title(code: str) -> None:
    title = (PAGES / f"{code}.md").read_text("utf-8").partition("\n")[0]
    assert title == f"# {code} {CODES[code].name}"


def test_the_table_is_sorted_and_names_are_unique() -> None:
    assert list(CODES) == sorted(CODES)
    assert len({entry.name for entry in CODES.values()}) == len(CODES)


def test_no_line_of_the_table_is_lost_to_another() -> None:
    """Two lines with one code would silently be one entry."""
    source = (PAGES.parents[2] / "compiler/burgee_compiler/diagnostics/codes.py").read_text("utf-8")
    assert re.findall(r'Code\(\s*"(B\d+)"', source) == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_entries_are_well_formed(code: str) -> None:
    entry = CODES[code]
    assert entry.code == code
    assert re.fullmatch(r"B[1-9][0-9]{2}", code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", entry.name)
    assert re.fullmatch(r"[0-9]+\.[0-9]+", entry.since)
    assert entry.severity in ("error", "warning", "note", "off")
    assert entry.summary
    assert not entry.summary.endswith(".")


def fired(text: str) -> set[str]:
    node, found = read_yaml(text.encode(), "a.yaml")
    if node is None:
        return {each.code for each in found}
    try:
        resolve(node)
    except Unresolvable as refused:
        return {refused.code}
    return set()


@pytest.mark.parametrize("code", [f"B{number}" for number in range(105, 119)])
def test_examples_of_the_pages_do_what_the_pages_say(code: str) -> None:
    """In the pages of YAML itself the first example fires, and the one after the cure does not."""
    page = (PAGES / f"{code}.md").read_text("utf-8")
    wrong, right = page.split("**To mend it**")
    block = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    assert all(fired(example) == {code} for example in block.findall(wrong))
    assert all(fired(example) == set() for example in block.findall(right))


def test_a_diagnostic_takes_the_severity_of_the_table() -> None:
    where = Where("a.yaml", ("b",))
    assert diagnostic("B108", "twice", where, help="keep one") == Diagnostic(
        code="B108", severity="error", message="twice", where=where, help="keep one"
    )
