"""Golden directories: tiny flag repositories and the findings that they must give."""

from __future__ import annotations

import json
import os
from pathlib import Path

from burgee.instants import parse_instant
from burgee_compiler.build import build, check
from burgee_compiler.diagnostics import place, render_text, summary
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder, Tree
from support.memory_tree import MemoryTree

__all__ = ["ACCEPT", "EXPECTED", "FILES", "accepts", "cases", "findings", "open_case"]

ACCEPT = "BURGEE_ACCEPT"
"""Set to 1, this variable of the environment makes new output the expected one."""
EXPECTED = "expected.txt"
CLOCK = "clock.txt"
"""Holds the time of `check --now` for a case that is about time."""
FILES = "files.json"
"""Stands for the folder's files where their names are none that every file system can hold."""

_GOLDEN = Path(__file__).parent.parent / "golden"


def cases(group: str) -> list[Path]:
    """Return the directories of `valid` or `invalid`."""
    return sorted(each for each in (_GOLDEN / group).iterdir() if each.is_dir())


def open_case(folder: Path) -> Tree:
    """Return the flag repository of a case."""
    listed = folder / FILES
    if listed.exists():
        return MemoryTree(json.loads(listed.read_text(encoding="utf-8")))
    return Folder(folder)


def findings(tree: Tree) -> str:
    """Return what a check and a build report of a repository, as `burgee check` prints it."""
    repository = load_repository(tree)
    clock = read_clock(tree)
    # A build does not ask for the time; `check --now` does.
    found = build(repository, None).found if clock is None else check(repository, clock)

    def read(path: str) -> bytes | None:
        try:
            return tree.read(path)
        except OSError:
            return None

    located = place(found, read)
    return f"{render_text(located)}\n{summary(located)}\n" if located else f"{summary(located)}\n"


def read_clock(tree: Tree) -> int | None:
    """Return the time that a case is checked at, None where time is not asked for."""
    try:
        return parse_instant(tree.read(CLOCK).decode().strip())
    except OSError:
        return None


def accepts() -> bool:
    """Return whether new output is to be kept as the expected one."""
    return os.environ.get(ACCEPT) == "1"
