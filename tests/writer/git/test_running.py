"""Promise: git runs in bounded time, whatever it leaves running, and cleans up when stopped."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from burgee_writer.git.program import run_git
from support.flag_repository import FlagRepository, git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = FlagRepository(tmp_path / "repo", {"flags/f.yaml": "default: off\n"})
    made.commit()
    return made.root


def alias(script: str) -> tuple[tuple[str, str], ...]:
    """Let `git it` run a script."""
    return (("alias.it", f"!{script}"),)


def test_what_git_leaves_running_is_not_waited_for(root: Path) -> None:
    """A shared ssh connection keeps what git wrote to open, for minutes."""
    began = time.monotonic()
    ran = run_git(root, "it", timeout=10, config=alias("sleep 3 & echo done"))
    assert (ran.code, ran.out) == (0, "done\n")
    assert time.monotonic() - began < 2


def test_git_takes_its_locks_away_when_it_is_stopped(root: Path) -> None:
    hook = root / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n[ $1 = prepared ] && sleep 30\nexit 0\n", encoding="ascii")
    hook.chmod(0o755)
    tip = git(root, "rev-parse", "HEAD")
    assert run_git(root, "update-ref", "refs/heads/x", tip, timeout=0.5).code is None
    assert not (root / ".git/refs/heads/x.lock").exists()


def test_no_git_and_no_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "gone" in run_git(root / "none", "status", timeout=5).err
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "not installed" in run_git(root, "status", timeout=5).err
