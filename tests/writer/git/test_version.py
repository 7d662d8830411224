"""Promise: who starts a writer with no git program, or an old one, is told which is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from burgee_writer.git.version import require_git
from support.command import run_burgee
from support.writer_process import bare_repository

SAYS = {
    "git version 2.30.9": "the git program is too old: git version 2.30.9; 2.31 or newer is needed",
    "git version 1.99.1 (Apple Git-1)": "the git program is too old: git version 1.99.1 (Apple",
    "nonsense": "the git program is needed, 2.31 or newer, and `git --version` says: nonsense",
    "": "2.31 or newer, and `git --version` says: fatal: the git program is not installed",
}


def path_with(folder: Path, version: str) -> str:
    """Return a PATH on which the git program, if there is one, says that it is of a version."""
    folder.mkdir()
    if version:
        (folder / "git").write_text(f"#!/bin/sh\necho '{version}'\n", encoding="ascii")
        (folder / "git").chmod(0o700)
    return str(folder)


@pytest.mark.parametrize("version", SAYS)
def test_a_git_program_that_will_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("PATH", path_with(tmp_path / "programs", version))
    with pytest.raises(ValueError, match=r"2\.31 or newer") as refused:
        require_git(tmp_path)
    assert SAYS[version] in str(refused.value)


@pytest.mark.parametrize("version", ["2.31.0", "2.100.1", "3.0.0.windows.1"])
def test_one_that_will(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("PATH", path_with(tmp_path / "programs", f"git version {version}"))
    assert require_git(tmp_path) == version


def test_no_writer_starts_with_an_old_one(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    path = path_with(tmp_path / "programs", "git version 2.30.9")
    command = ("writer", "--repo", bare, "--state-dir", tmp_path / "state", "--port", "0")
    ran = run_burgee(*command, "--insecure", cwd=tmp_path, env={"PATH": path})
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"error: {SAYS['git version 2.30.9']}\n"
