"""Promise: git is run within a time, as if nobody sat there, and what it starts ends with it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from burgee_writer.git.program import run_git
from support.flag_repository import git
from support.remote_truth import processes_naming
from support.waiting import until

CHECKED = "!f() { echo said; echo told >&2; %s; }; f"


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    mark = f"3600.{os.getpid()}"
    began = time.monotonic()
    config = (("alias.hang", CHECKED % f"sleep {mark} & sleep {mark}"),)
    ran = run_git(tmp_path, "hang", timeout=0.4, config=config)
    assert (ran.code, ran.out, ran.err) == (None, "said\n", "told\n")
    assert time.monotonic() - began < 1.4
    until(lambda: processes_naming(f"sleep {mark}") == [], "all have ended")


def test_what_left_the_session_is_not_waited_for(tmp_path: Path) -> None:
    """As ssh's connections that stay open do, which may hold what git wrote to."""
    mark = f"3.{os.getpid()}"
    config = (("alias.leave", CHECKED % f"setsid sleep {mark} & exit 3"),)
    began = time.monotonic()
    ran = run_git(tmp_path, "leave", timeout=0.4, config=config)
    assert time.monotonic() - began < 3
    assert (ran.code, ran.out, ran.err) == (3, "said\n", "told\n"), "it had ended, and well in time"


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"])
def test_what_stands_in_the_environment_does_not_mislead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "here.git")
    monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    ran = run_git(tmp_path / "here.git", "rev-parse", "--absolute-git-dir", timeout=10)
    assert ran.out.strip() == str(tmp_path / "here.git")


def test_settings_come_on_top_of_those_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("COUNT", "1"), ("KEY_0", "a.b"), ("VALUE_0", "theirs")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    ran = run_git(tmp_path, "config", "--get-regexp", r"^a\.", timeout=10, config=(("a.c", "o"),))
    assert ran.out == "a.b theirs\na.c o\n"
