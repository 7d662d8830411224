"""Promise: the first pages name the commands that exist, and decisions are numbered and whole."""

import os
import re
from pathlib import Path

import pytest

SECTIONS = ["## Context", "## Decision", "## Consequences"]


def targets(root: Path) -> set[str]:
    return set(
        re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )


@pytest.mark.parametrize(
    ("page", "commands"),
    [
        ("README.md", ["make up", "make test"]),
        ("CONTRIBUTING.md", ["make up", "make test", "make check", "make wheel-test"]),
    ],
)
def test_page_names_the_commands(root: Path, page: str, commands: list[str]) -> None:
    text = (root / page).read_text(encoding="utf-8")
    assert [command for command in commands if command not in text] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_each_named_command_exists(root: Path, page: str) -> None:
    named = re.findall(r"`make ([a-z-]+)", (root / page).read_text(encoding="utf-8"))
    assert set(named) <= targets(root)


def test_each_target_is_explained(root: Path) -> None:
    text = (root / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    assert targets(root) - explained == {"fresh-venv"}, "a part of `setup`, which nobody calls"


def test_ci_runs_what_people_run(root: Path) -> None:
    script = root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "exec make test" in script.read_text(encoding="utf-8")


def test_decisions_are_numbered_without_gaps(root: Path) -> None:
    names = sorted(path.name for path in (root / "docs" / "adr").glob("[0-9]*.md"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]


def test_decisions_are_whole(root: Path) -> None:
    for path in sorted((root / "docs" / "adr").glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}: "), path.name
        assert re.search(r"^- Status: \w", text, re.MULTILINE), path.name
        assert [section for section in SECTIONS if section not in text] == [], path.name
