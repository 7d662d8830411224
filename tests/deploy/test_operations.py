"""Promise: what the pages for operators say can be traced: commands and tests that there are,
links that lead somewhere, figures that were measured, sums that add up.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.offered import commands_of_page, wrong_with
from support.process import ROOT

PAGES = sorted((ROOT / "docs" / "operations").glob("*.md"))
DEPLOY = [*(ROOT / "deploy").rglob("*.md"), *(ROOT / "deploy").rglob("*.sh")]
PERFORMANCE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
UNITS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "bytes": 1.0, "kB": 1e3}
SIGNS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def text_of(name: str) -> str:
    return (ROOT / "docs" / "operations" / name).read_text(encoding="utf-8")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of each table."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


@pytest.mark.parametrize("page", [*PAGES, *DEPLOY], ids=lambda page: page.name)
def test_commands_are_ones_that_there_are(page: Path) -> None:
    wrong = [(words, told) for words in commands_of_page(page) if (told := wrong_with(words))]
    assert wrong == []


def test_commands_are_found_and_judged(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`burgee edge --sourze x`\n```console\n$ FOO=1 burgee verify DIR --key k | cat\n"
        "$ burgee client remove x\n$ kubectl -n burgee get pods\n```\n"
    )
    found = list(commands_of_page(page))
    assert found == [
        ["verify", "DIR", "--key", "k"],
        ["client", "remove", "x"],
        ["edge", "--sourze", "x"],
    ]
    assert [bool(wrong_with(each)) for each in found] == [False, True, True]
    named = sum(len(list(commands_of_page(each))) for each in PAGES)
    assert named > 15, "the pages do name commands"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_are_named_are_there(page: Path) -> None:
    for name in re.findall(r"`(tests/[^`]+)`", page.read_text(encoding="utf-8")):
        path, _, test = name.partition("::")
        assert (ROOT / path).exists(), name
        if test:
            source = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {test}\b", source, re.MULTILINE), name


@pytest.mark.parametrize("page", [*PAGES, ROOT / "deploy" / "README.md"], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]*)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if link and "://" not in link:
            assert (page.parent / link).exists(), link


def test_links_into_pages_lead_to_a_heading() -> None:
    for page in PAGES:
        for link, mark in re.findall(r"\]\(([\w./-]*)#([^)]+)\)", page.read_text("utf-8")):
            target = (page.parent / link) if link else page
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            marks = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
            assert mark in marks, (page.name, link, mark)


@pytest.mark.parametrize("name", ["failures.md", "security.md"])
def test_each_failure_and_threat_has_its_test(name: str) -> None:
    bare = []
    for cells in rows(text_of(name)):
        tested = name == "failures.md" or len(cells) == 3
        heads = {"what breaks", "threat"}
        if tested and cells[0] not in heads and "`tests/" not in cells[-1]:
            bare.append(cells[0])
    assert bare == []


def test_figures_of_sizing_are_those_that_were_measured() -> None:
    measured = [cells for cells in rows(text_of("sizing.md")) if cells[-1].startswith("`")]
    assert len(measured) > 15
    for cells in measured:
        figures = re.findall(r"[\d.,]+ (?:µs|ms|s|kB|MB|bytes)(?!\w)", " ".join(cells[1:-1]))
        assert figures, cells
        for figure in figures:
            assert figure in PERFORMANCE, f"{figure} of {cells[0]} is not in performance.md"


def given() -> dict[str, float]:
    """The figures of scaling.md by name, in seconds and bytes."""
    found = {}
    for cells in rows(text_of("scaling.md")):
        match = re.fullmatch(r"`(\w+)`", cells[0])
        if match:
            number, _, unit = cells[1].partition(" ")
            found[match[1]] = float(number.replace(",", "")) * UNITS.get(unit, 1.0)
            if "performance" in cells[2] or cells[2].startswith("the same, "):
                assert cells[1] in PERFORMANCE, cells
    return found


def worked_out(expression: str, names: dict[str, float]) -> float:
    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return SIGNS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Name):
            return names[node.id]
        assert isinstance(node, ast.Constant)
        assert isinstance(node.value, int | float)
        return node.value

    return value(ast.parse(expression, mode="eval").body)


def test_sums_of_scaling_add_up() -> None:
    names = given()
    sums = [cells for cells in rows(text_of("scaling.md")) if re.search(r"`.*[*/].*`", cells[1])]
    assert len(sums) >= 15
    for what, calculation, result in sums:
        there = float(result)
        found = worked_out(calculation.strip("`"), names)
        assert abs(found - there) <= max(
            0.5 * 10.0 ** -len(result.partition(".")[2]), 0.005 * there
        ), (
            what,
            found,
        )


def test_no_page_is_lost() -> None:
    index = text_of("index.md")
    missing = [page.name for page in PAGES if page.name != "index.md" and page.name not in index]
    assert missing == [], "link it from docs/operations/index.md"
    assert "docs/operations/index.md" in (ROOT / "README.md").read_text(encoding="utf-8")
