"""Promise: git runs in bounded time, whatever it leaves running, and cleans up when stopped."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from burgee_compiler.git_program import run_git
from support.flag_repository import FlagRepository, git
from support.remote_truth import processes_naming
from support.waiting import until


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


def test_what_git_has_started_ends_with_it(root: Path) -> None:
    mark = f"3600.{os.getpid()}"
    began = time.monotonic()
    script = f"f() {{ echo said; echo told >&2; sleep {mark} & sleep {mark}; }}; f"
    ran = run_git(root, "it", timeout=0.4, config=alias(script))
    assert (ran.code, ran.out, ran.err) == (None, "said\n", "told\n")
    assert time.monotonic() - began < 2.4
    until(lambda: processes_naming(f"sleep {mark}") == [], "all have ended")


def test_its_end_is_seen_at_once(root: Path) -> None:
    """Not at the next look: a write runs git several times."""
    took: list[float] = []
    for _ in range(5):
        began = time.monotonic()
        run_git(root, "it", timeout=10, config=alias("sleep 0.07"))
        took.append(time.monotonic() - began)
    assert min(took) < 0.11, "Popen.wait looks after 0.0635 and 0.1135 seconds"


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"])
def test_what_stands_in_the_environment_does_not_mislead(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(root / "elsewhere"))
    ran = run_git(root, "rev-parse", "--absolute-git-dir", "HEAD:acme", timeout=10)
    assert ran.out.splitlines()[0] == str(root / ".git")
    assert ran.code == 0


def test_settings_come_on_top_of_those_in_the_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("COUNT", "1"), ("KEY_0", "a.b"), ("VALUE_0", "theirs")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    ran = run_git(root, "config", "--get-regexp", r"^a\.", timeout=10, config=(("a.c", "o"),))
    assert ran.out == "a.b theirs\na.c o\n"
