"""Promise: the session of the guide to reviewing a change runs as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

from support.command import git
from support.guides import pattern, said, shell_in, steps
from support.process import ROOT

GUIDE = (ROOT / "docs" / "guides" / "reviewing-a-change.md").read_text(encoding="utf-8")


def origin(folder: Path) -> None:
    """Make `flags.git` with the flag that the guide shows."""
    shown = re.search(r"^```yaml\n# (\S+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    root = folder / "origin"
    flag = root / shown[1]
    flag.parent.mkdir(parents=True)
    flag.write_text(shown[2], encoding="utf-8")
    (root / "burgee.yaml").write_text("environments: [staging, production]\n", encoding="utf-8")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "The flag as it is")
    git(folder, "clone", "--quiet", "--bare", str(root), "flags.git")


def test_the_session_prints_what_the_guide_says(tmp_path: Path) -> None:
    origin(tmp_path)
    shell, here = shell_in(tmp_path), tmp_path
    for command, printed in steps(GUIDE):
        if command.startswith("cd "):
            here = here / command[3:]
            continue
        printing = said(command, here, shell)
        assert pattern(printed).fullmatch(printing), f"{command}\n{printing}"


def test_it_says_what_it_is_there_to_say() -> None:
    """A tenth more users, and none moved needlessly."""
    assert "+10.000 %" in GUIDE
    assert "the least that these shares" in GUIDE
