"""Promise: a lock that a killed writer left is removed by the next, and nobody else's ever is."""

from __future__ import annotations

import gc
import os
import threading
import time
from pathlib import Path

import pytest

from burgee_writer.git.branch import Done, Refused
from burgee_writer.git.lock_files import LockFiles, StillLocked
from burgee_writer.git.presence import Presence
from support.flag_repository import FlagRepository, git
from support.writer_git import branch_of, written
from support.writer_kills import killed_with_a_taken_lock, killed_with_locks

FLAG = "acme/flags/f.yaml"
ON: dict[str, bytes | None] = {FLAG: b"default: on\n"}


@pytest.fixture
def repo(tmp_path: Path) -> FlagRepository:
    made = FlagRepository(tmp_path / "repo", {"flags/f.yaml": "default: off\n"})
    made.commit()
    return made


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left is judged at once, and what is not ours is not waited for long."""
    monkeypatch.setattr("burgee_writer.git.lock_files._YOUNG_NS", 0)
    monkeypatch.setattr("burgee_writer.git.references._PATIENCE", 0.3)
    monkeypatch.setattr("burgee_writer.git.work_tree._PATIENCE", 0.3)


def test_who_lives(tmp_path: Path) -> None:
    """The next process of a container has the id of the one before: it is not the same."""
    one, other = Presence(tmp_path), Presence(tmp_path)
    name = one.name
    assert one.lives(other.name)
    assert other.lives(name)
    del one
    gc.collect()
    assert not other.lives(name)
    assert not other.lives("never")
    Presence(tmp_path)
    assert not (tmp_path / f"{name}.alive").exists(), "what is left is swept"
    assert (tmp_path / f"{other.name}.alive").exists()


@pytest.mark.parametrize("name", ["refs/heads/main.lock", "HEAD.lock"])
@pytest.mark.parametrize("written_to", [False, True])
@pytest.mark.usefixtures("hasty")
def test_what_git_left(repo: FlagRepository, tmp_path: Path, name: str, written_to: bool) -> None:
    """As when a container is killed, git with the writer that had started it."""
    lock = repo.root / ".git" / name
    text = f"{git(repo.root, 'rev-parse', 'HEAD')}\n"
    killed_with_locks(tmp_path / "state", [lock], text, text if written_to else "")
    assert lock.exists()
    assert isinstance(written(branch_of(repo.root, tmp_path / "state"), ON), Done)
    assert not lock.exists()


@pytest.mark.parametrize("what", ["another text", "older", "not told of", "another state folder"])
@pytest.mark.usefixtures("hasty")
def test_what_somebody_else_holds(repo: FlagRepository, tmp_path: Path, what: str) -> None:
    lock = repo.root / ".git/refs/heads/main.lock"
    state = tmp_path / "state"
    if what == "another text":
        killed_with_locks(state, [lock], "1" * 40, "2" * 40)
    elif what == "older":
        killed_with_locks(state, [lock], "1" * 40, None)
        lock.touch()
        os.utime(lock, (time.time() - 60, time.time() - 60))
    elif what == "not told of":
        lock.touch()
    else:
        killed_with_locks(tmp_path / "other", [lock], None, "")
    found = written(branch_of(repo.root, state), ON)
    assert isinstance(found, Refused)
    assert (found.code, lock.name in found.help) == ("busy", True)
    assert lock.exists()
    assert git(repo.root, "status", "--porcelain") == ""


@pytest.mark.usefixtures("hasty")
def test_somebody_elses_index_lock_that_a_killed_writer_waited_for(
    repo: FlagRepository, tmp_path: Path
) -> None:
    lock = repo.root / ".git/index.lock"
    lock.touch()
    killed_with_locks(tmp_path / "state", [lock], "burgee 0123\n", None)
    locks = LockFiles(tmp_path / "state/locks")
    lock.write_bytes(b"DIRC")
    with pytest.raises(StillLocked), locks.taken(lock, 0.1):
        pass
    assert lock.read_bytes() == b"DIRC"


def test_a_young_lock_is_left_to_what_its_writer_had_started(tmp_path: Path) -> None:
    lock = tmp_path / "main.lock"
    killed_with_locks(tmp_path, [lock], None, "")
    os.utime(lock)
    assert not LockFiles(tmp_path / "locks").remove_if_left(lock)
    assert lock.exists()


@pytest.mark.usefixtures("hasty")
def test_never_two_at_once(tmp_path: Path) -> None:
    """Several find the same lock that was left: one removes it, and nobody the next one's."""
    lock = tmp_path / "index.lock"
    inside: list[int] = []
    clashes: list[int] = []

    def work(number: int) -> None:
        locks = LockFiles(tmp_path / "locks")
        for _ in range(5):
            with locks.taken(lock, 20):
                inside.append(number)
                if len(inside) > 1:
                    clashes.append(number)
                time.sleep(0.002)
                inside.remove(number)

    for _ in range(2):
        killed_with_a_taken_lock(tmp_path, lock)
        assert lock.exists()
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(30)
            assert not each.is_alive()
    assert clashes == []
    assert not lock.exists()
    assert list(tmp_path.glob("locks/*.json")) == []
