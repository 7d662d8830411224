"""Promise: who starts a writer with no git program, or an old one, is told which is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import run_burgee
from support.writer_process import bare_repository

SAYS = {
    "git version 2.30.9": "the git program is too old: git version 2.30.9; 2.31 or newer is needed",
    "git version 1.99.1 (Apple Git-1)": "the git program is too old: git version 1.99.1 (Apple",
    "nonsense": "the git program is needed, 2.31 or newer, and `git --version` says: nonsense",
    "": "2.31 or newer, and `git --version` says: fatal: the git program is not installed",
}


@pytest.mark.parametrize("version", SAYS)
def test_a_git_program_that_will_not_do(tmp_path: Path, version: str) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    programs = tmp_path / "programs"
    programs.mkdir()
    if version:
        (programs / "git").write_text(f"#!/bin/sh\necho '{version}'\n", encoding="ascii")
        (programs / "git").chmod(0o700)
    ran = run_burgee(
        *("writer", "--repo", bare, "--state-dir", tmp_path / "state", "--port", "0"),
        "--insecure",
        cwd=tmp_path,
        env={"PATH": str(programs)},
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert SAYS[version] in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
