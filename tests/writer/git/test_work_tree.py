"""Promise: a write leaves a work tree old or new, wherever it is cut short, and the next mends it;
what somebody does there at the same time is neither lost nor takes a write back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from burgee_writer.git.branch import Done, Refused
from burgee_writer.git.work_tree import WorkTree
from support.flag_repository import FlagRepository, git
from support.writer_git import branch_of, must_write, written
from support.writer_kills import POINTS, killed_while_writing

FLAG = "acme/flags/f.yaml"
GONE = "acme/flags/gone/g.yaml"
NEW = "acme/flags/n/e/w.yaml"
CHANGES: dict[str, bytes | None] = {FLAG: b"default: on\n", NEW: b"default: on\n", GONE: None}


@pytest.fixture
def repo(tmp_path: Path) -> FlagRepository:
    files = {"flags/f.yaml": "default: off\n", "flags/gone/g.yaml": "default: off\n"}
    made = FlagRepository(tmp_path / "repo", files)
    made.commit()
    return made


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burgee_writer.git.lock_files._YOUNG_NS", 0)


def require_healthy(root: Path, state: Path) -> None:
    """Nothing differs from the tip, and nothing is left over."""
    assert git(root, "status", "--porcelain", "--untracked-files=all") == ""
    assert [each for each in (root / "acme").rglob("*") if each.name.startswith(".")] == []
    assert [each for each in root.rglob("*") if each.is_dir() and not any(each.iterdir())
            and ".git" not in each.parts] == []  # fmt: skip
    left = [each.name for each in (root / ".git").iterdir()]
    assert not [each for each in left if each.startswith(("index.", "HEAD."))]
    assert [*state.glob("intents/*.json"), *state.glob("locks/*.json")] == []
    git(root, "fsck", "--strict", "--no-dangling")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.usefixtures("hasty")
def test_killed_at_each_point(repo: FlagRepository, tmp_path: Path, point: str) -> None:
    """Old up to where the reference moves, new from there on; opening it mends it."""
    state = tmp_path / "state"
    killed_while_writing(repo.root, state, CHANGES, point)
    moved = POINTS.index(point) >= POINTS.index("moved")
    assert git(repo.root, "rev-list", "--count", "HEAD") == ("2" if moved else "1")
    branch = branch_of(repo.root, state)
    if point != "before the intent":
        assert git(repo.root, "status", "--porcelain") == "", "before anything is written"
    must_write(branch, {"acme/flags/next.yaml": b"default: on\n"})
    assert (repo.root / FLAG).read_bytes() == (b"default: on\n" if moved else b"default: off\n")
    assert ((repo.root / NEW).exists(), (repo.root / GONE).exists()) == (moved, not moved)
    require_healthy(repo.root, state)


@pytest.mark.usefixtures("hasty")
def test_what_somebody_did_after_a_kill_stays(repo: FlagRepository, tmp_path: Path) -> None:
    state = tmp_path / "state"
    killed_while_writing(repo.root, state, CHANGES, "moved")
    repo.write({"flags/f.yaml": "default: on # mine\n"})
    branch_of(repo.root, state)
    assert (repo.root / FLAG).read_bytes() == b"default: on # mine\n"
    assert (repo.root / NEW).read_bytes() == b"default: on\n", "which nobody has touched"


@pytest.mark.usefixtures("hasty")
def test_another_branch_is_checked_out_after_a_kill(repo: FlagRepository, tmp_path: Path) -> None:
    state = tmp_path / "state"
    git(repo.root, "branch", "other")
    killed_while_writing(repo.root, state, CHANGES, "moved")
    git(repo.root, "symbolic-ref", "HEAD", "refs/heads/other")
    (repo.root / ".git/index.lock").unlink()
    git(repo.root, "reset", "--quiet", "--hard", "other")
    branch_of(repo.root, state)
    assert (repo.root / FLAG).read_bytes() == b"default: off\n"
    assert git(repo.root, "status", "--porcelain") == ""


@pytest.mark.usefixtures("hasty")
def test_two_work_trees_are_both_mended(repo: FlagRepository, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(repo.root, "worktree", "add", "--quiet", "--force", str(linked), "main")
    killed_while_writing(repo.root, tmp_path / "state", CHANGES, "moved")
    branch_of(repo.root, tmp_path / "state")
    for root in (repo.root, linked):
        assert git(root, "status", "--porcelain") == ""
        assert (root / FLAG).read_bytes() == b"default: on\n"


def test_a_move_that_git_refuses_is_taken_back(repo: FlagRepository, tmp_path: Path) -> None:
    hook = repo.root / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n[ $1 = prepared ] && exit 1\nexit 0\n", encoding="ascii")
    hook.chmod(0o755)
    branch = branch_of(repo.root, tmp_path / "state")
    found = written(branch, CHANGES)
    assert isinstance(found, Refused)
    assert "hook" in found.message
    require_healthy(repo.root, tmp_path / "state")
    hook.unlink()
    assert isinstance(written(branch, CHANGES), Done)
    require_healthy(repo.root, tmp_path / "state")


def test_a_file_in_the_way_of_a_folder(repo: FlagRepository, tmp_path: Path) -> None:
    repo.write({"flags/n": "mine\n"})
    branch = branch_of(repo.root, tmp_path / "state")
    found = written(branch, CHANGES)
    assert isinstance(found, Refused)
    assert (found.code, NEW in found.message) == ("worktree_dirty", True)
    assert git(repo.root, "rev-list", "--count", "HEAD") == "1"
    assert git(repo.root, "status", "--porcelain") == "?? acme/flags/n"


@pytest.mark.parametrize("step", ["put_whole", "swap_files"])
def test_files_that_cannot_be_written(
    repo: FlagRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before the reference moves: refused. After it: done, and mended by the next write."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    branch = branch_of(repo.root, tmp_path / "state")
    with monkeypatch.context() as patched:
        if step == "put_whole":
            patched.setattr("burgee_writer.git.work_tree.put_whole", full)
        else:
            patched.setattr(WorkTree, "swap_files", full)
        found = written(branch, CHANGES)
    if step == "put_whole":
        assert isinstance(found, Refused)
        assert "No space left" in found.message
        require_healthy(repo.root, tmp_path / "state")
    else:
        assert isinstance(found, Done)
        assert git(repo.root, "status", "--porcelain") != ""
    must_write(branch, {"acme/flags/next.yaml": b"default: on\n"})
    require_healthy(repo.root, tmp_path / "state")


def test_an_index_that_cannot_be_read(repo: FlagRepository, tmp_path: Path) -> None:
    git(repo.root, "update-index", "--split-index")
    found = written(branch_of(repo.root, tmp_path / "state"), CHANGES)
    assert isinstance(found, Refused)
    assert git(repo.root, "rev-list", "--count", "HEAD") == "1"
    assert not (repo.root / ".git/index.lock").exists()
    git(repo.root, "update-index", "--no-split-index")
    assert isinstance(written(branch_of(repo.root, tmp_path / "state"), CHANGES), Done)


def test_a_git_folder_elsewhere(repo: FlagRepository, tmp_path: Path) -> None:
    git(repo.root, "init", "--quiet", "--separate-git-dir", str(tmp_path / "elsewhere"))
    branch = branch_of(repo.root, tmp_path / "state")
    assert branch.inside == ""
    must_write(branch, CHANGES)
    assert git(repo.root, "status", "--porcelain") == ""
    assert (repo.root / FLAG).read_bytes() == b"default: on\n"


def test_whoever_reads_the_new_tip_reads_the_new_index(
    repo: FlagRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git commit` reads both before it locks: the old index on the new tip takes a write back."""
    seen: list[str] = []
    real = "burgee_writer.git.local.move_reference"

    def moving(folder: Path, name: str, old: str, new: str, _locks: object) -> Done:
        subprocess.run(["git", "update-ref", name, new, old], cwd=folder, check=True)
        seen.append(git(repo.root, "diff", "--cached", "--name-only", "HEAD"))
        return Done(new)

    monkeypatch.setattr(real, moving)
    assert isinstance(written(branch_of(repo.root, tmp_path / "state"), CHANGES), Done)
    assert seen == [""]
