"""Promise: a repository that is written to stays small, and no write waits for that."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from burgee_compiler.git_program import Ran
from burgee_writer.git.branch import Done
from burgee_writer.git.lock_files import LockFiles
from burgee_writer.git.upkeep import Upkeep
from support.flag_repository import FlagRepository, git
from support.writer_git import branch_of, draft, must_write
from support.writer_kills import killed_with_locks

COUNT = 30
FLAG = "acme/flags/f.yaml"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    repo = FlagRepository(tmp_path / "repo", {"flags/f.yaml": "default: off\n"})
    repo.commit()
    git(repo.root, "clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "bare.git"))
    return tmp_path / "bare.git"


def loose(bare: Path) -> int:
    return int(git(bare, "count-objects").split()[0])


def written_to(bare: Path, state: Path) -> Upkeep:
    """Leave more loose objects than git lets be, and return what sees to them at once."""
    branch = branch_of(bare, state)
    for number in range(COUNT):
        must_write(branch, {FLAG: f"default: off # {number}\n".encode()})
    assert loose(bare) > 4 * COUNT
    return Upkeep(bare, LockFiles(state / "locks"), every=2)


def test_loose_objects_are_packed(bare: Path, tmp_path: Path) -> None:
    upkeep = written_to(bare, tmp_path / "state")
    upkeep.committed()
    assert loose(bare) > 4 * COUNT, "not at every commit"
    upkeep.committed()
    upkeep.wait(60)
    assert loose(bare) == 0
    git(bare, "fsck", "--strict")
    assert git(bare, "rev-list", "--count", "main") == str(1 + COUNT)
    must_write(branch_of(bare, tmp_path / "state"), {FLAG: b"default: on\n"})


def test_a_lock_that_a_kill_left(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git would leave all be for as long as it is there."""
    monkeypatch.setattr("burgee_writer.git.lock_files._YOUNG_NS", 0)
    upkeep = written_to(bare, tmp_path / "state")
    killed_with_locks(tmp_path / "state", [bare / "objects/maintenance.lock"], None, "")
    for _ in range(2):
        upkeep.committed()
    upkeep.wait(60)
    assert loose(bare) == 0


def test_an_owner_who_sees_to_it(bare: Path, tmp_path: Path) -> None:
    git(bare, "config", "gc.auto", "0")
    upkeep = written_to(bare, tmp_path / "state")
    for _ in range(2):
        upkeep.committed()
    upkeep.wait(60)
    assert loose(bare) > 4 * COUNT


def test_what_is_being_written_is_never_taken_away(bare: Path, tmp_path: Path) -> None:
    """Its commit is in no branch yet, and the owner has what is in none taken away at once."""
    git(bare, "config", "gc.pruneExpire", "now")
    git(bare, "config", "gc.autoPackLimit", "1")
    git(bare, "repack", "-adq")
    upkeep = written_to(bare, tmp_path / "state")
    branch = branch_of(bare, tmp_path / "state")
    commit = branch.commit(branch.tip(), draft({FLAG: b"default: on\n"}))
    for _ in range(2):
        upkeep.committed()
    upkeep.wait(60)
    assert branch.publish(branch.tip(), commit) == Done(commit)
    git(bare, "fsck", "--strict")


def test_never_two_at_once_and_nobody_waits(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    begun: list[str] = []

    def slow(_folder: Path, *arguments: str, **_more: object) -> Ran:
        if arguments[0] == "maintenance":
            begun.append(threading.current_thread().name)
            go_on.wait(20)
        return Ran(0, "", "")

    monkeypatch.setattr("burgee_writer.git.upkeep.run_git", slow)
    monkeypatch.setattr("burgee_writer.git.upkeep._RUNS", 1)
    upkeep = Upkeep(bare, LockFiles(tmp_path / "locks"), every=1)
    for _ in range(20):
        upkeep.committed()  # returns while the first one is at work
    go_on.set()
    upkeep.wait(20)
    assert begun == ["upkeep"]
