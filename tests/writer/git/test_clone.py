"""Promise: the writer's clone of a remote is its own: neither a user's settings, nor what a kill
left, nor a connection that stays open change what is pushed and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from burgee_writer.git.branch import Done, Unknown, Unreachable
from support.flag_repository import FlagRepository, git
from support.git_remotes import Exchange, HttpRemote, http_remote
from support.writer_git import branch_of, draft, must_write, written
from support.writer_kills import killed_with_locks

FLAG = "acme/flags/f.yaml"
ON: dict[str, bytes | None] = {FLAG: b"default: on\n"}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    repo = FlagRepository(tmp_path / "repo", {"flags/f.yaml": "default: off\n"})
    repo.commit()
    git(repo.root, "clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "bare.git"))
    git(tmp_path / "bare.git", "config", "http.receivepack", "true")
    return tmp_path / "bare.git"


@pytest.fixture
def remote(bare: Path) -> Iterator[HttpRemote]:
    with http_remote(bare) as found:
        yield found


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burgee_writer.git.remote._PAUSE", 0.01)


@pytest.mark.parametrize("status", [408, 500, 504])
def test_it_arrives_and_somebody_in_between_says_it_failed(
    remote: HttpRemote, tmp_path: Path, status: int
) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    failed: list[bool] = []

    def after(exchange: Exchange) -> None:
        if exchange.is_push and not failed:
            failed.append(True)
            exchange.refuse(status)

    remote.after = after
    done = written(branch, ON)
    assert isinstance(done, Done)
    assert git(remote.bare, "rev-list", "--count", "main") == "2"


def test_it_may_still_arrive_when_a_second_try_finds_nobody(
    remote: HttpRemote, tmp_path: Path
) -> None:
    """What the second try meets says nothing of the first, which the remote may be at yet."""
    branch = branch_of(remote.url, tmp_path / "state", timeout=1.0)
    tried: list[bool] = []

    def before(exchange: Exchange) -> None:
        if exchange.is_push:
            tried.append(True)
            remote.hanging.wait(20)
        elif tried and exchange.announces_push:
            exchange.refuse(403)

    remote.before = before
    parent = branch.tip()
    commit = branch.commit(parent, draft(ON))
    assert isinstance(branch.publish(parent, commit), Unknown)
    remote.hanging.set()
    until = time.monotonic() + 10
    while git(remote.bare, "rev-parse", "main") != commit and time.monotonic() < until:
        time.sleep(0.05)
    assert git(remote.bare, "rev-parse", "main") == commit


def test_a_lock_in_the_clone_is_told_and_one_that_was_left_removed(
    remote: HttpRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the writer would read the tip of that moment for ever."""
    monkeypatch.setattr("burgee_writer.git.lock_files._YOUNG_NS", 0)
    state = tmp_path / "state"
    branch = branch_of(remote.url, state)
    lock = branch.repository_path / "refs/heads/main.lock"
    somebody = must_write(branch_of(remote.url, tmp_path / "somebody"), ON)
    lock.touch()
    monkeypatch.setattr("burgee_writer.git.references._PATIENCE", 0.2)
    with pytest.raises(Unreachable, match="locked") as told:
        branch.refresh()
    assert str(tmp_path) not in str(told.value)
    lock.unlink()
    killed_with_locks(state, [lock], None, "")
    assert branch.refresh() == somebody
    assert not lock.exists()


def test_settings_of_the_user_do_not_change_what_is_pushed(
    remote: HttpRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
        (hooks / name).chmod(0o755)
    settings = tmp_path / "config"
    settings.write_text(
        f"[core]\nhooksPath = {hooks}\n[push]\nfollowTags = true\n[color]\nui = always\n"
        f"[init]\ntemplateDir = {tmp_path}\n[fetch]\nprune = true\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    branch = branch_of(remote.url, tmp_path / "state")
    git(branch.repository_path, "tag", "--annotate", "--message", "x", "mine", "main")
    assert isinstance(written(branch, ON), Done)
    assert git(remote.bare, "tag", "--list") == ""


def test_over_ssh(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in that runs the command here and leaves a shared connection open behind it."""
    program = tmp_path / "ssh"
    program.write_text('#!/bin/sh\nfor last; do :; done\nsleep 5 &\nexec sh -c "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    began = time.monotonic()
    branch = branch_of(f"somebody@host:{bare}", tmp_path / "state")
    done = written(branch, ON)
    assert isinstance(done, Done)
    assert git(bare, "rev-parse", "main") == done.commit
    assert time.monotonic() - began < 4
