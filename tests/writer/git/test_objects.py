"""Promise: a commit holds just the changes that it was asked for, and nothing else is replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.flag_repository import FlagRepository, git
from support.writer_git import branch_of, draft, must_write

FLAG = "acme/flags/f.yaml"
TAKE_AWAY = """
import os, sys, time
while True:
    time.sleep(0.01)
    for name in os.listdir(sys.argv[1]):
        try:
            os.rmdir(os.path.join(sys.argv[1], name))
        except OSError:
            pass
"""
CLASHES: dict[str, dict[str, bytes | None]] = {
    "a file over a folder": {"acme/flags": b"x\n"},
    "a folder gone as a file": {"acme/flags": None},
    "a folder over a file": {f"{FLAG}/below.yaml": b"x\n"},
    "a file and below it": {"acme/a": b"x\n", "acme/a/b": b"x\n"},
    "below a file, and it": {"acme/a/b": b"x\n", "acme/a": b"x\n"},
    "below a file that goes": {"acme/a/b": b"x\n", "acme/a": None},
}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    repo = FlagRepository(tmp_path / "repo", {"flags/f.yaml": "default: off\n"})
    (repo.root / "acme/flags/link.yaml").symlink_to("f.yaml")
    repo.commit()
    git(repo.root, "clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "bare.git"))
    return tmp_path / "bare.git"


@pytest.mark.parametrize("name", CLASHES)
def test_files_and_folders_do_not_replace_each_other(bare: Path, tmp_path: Path, name: str) -> None:
    branch = branch_of(bare, tmp_path / "state")
    with pytest.raises(ValueError, match=r"no file|no folder|a folder|below a file"):
        branch.commit(branch.tip(), draft(CLASHES[name]))


def test_what_was_a_link_is_a_file_then(bare: Path, tmp_path: Path) -> None:
    """Else the text of the flag would be taken for where the link leads."""
    must_write(branch_of(bare, tmp_path / "state"), {"acme/flags/link.yaml": b"default: on\n"})
    assert git(bare, "ls-tree", "main", "acme/flags/link.yaml").startswith("100644 blob")


def test_folders_of_objects_that_are_taken_away(bare: Path, tmp_path: Path) -> None:
    """Git does so with those that packing has emptied, and with one that was just made."""
    branch = branch_of(bare, tmp_path / "state")
    taking = subprocess.Popen([sys.executable, "-c", TAKE_AWAY, str(bare / "objects")])
    try:
        for number in range(60):
            must_write(branch, {FLAG: f"default: off # {number}\n".encode()})
    finally:
        taking.kill()
        taking.wait()
    git(bare, "fsck", "--strict")


@pytest.mark.parametrize("path", ["acme/a\x85b", "acme/a\u2028b", "acme/a\x9bb"])
def test_characters_that_control(bare: Path, tmp_path: Path, path: str) -> None:
    branch = branch_of(bare, tmp_path / "state")
    with pytest.raises(ValueError, match="no path"):
        branch.commit(branch.tip(), draft({path: b"x"}))
