"""Promise: rollback gives earlier bytes back, locks too; it loses nothing and commits nothing."""

import shutil
from pathlib import Path

import pytest

from support.command import git, run_burgee
from support.edits import status

BANNER = "acme/flags/welcome-banner.yaml"
LOCK = "acme/flags/checkout/one-page.lock.yaml"
TABLES = """\
tables:
  - table: default
    environments: [production]
    weights: {classic: 75, one-page: 25}
    ranges:
      classic: [[0, 50000], [75000, 100000]]
      one-page: [[50000, 75000]]
"""


def commit(repo: Path, path: str, text: str | bytes | None) -> None:
    file = repo / path
    if text is None:
        file.unlink()
    else:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", f"change {path}")


def test_what_the_last_commit_did(copy: Path) -> None:
    head = git(copy, "rev-parse", "HEAD")
    commit(copy, LOCK, TABLES)
    done = run_burgee("rollback", "HEAD", cwd=copy)
    assert (done.returncode, done.stdout) == (0, f"removed {LOCK}\n"), done.shown
    assert git(copy, "diff", "--stat", head, "--") == ""
    assert git(copy, "rev-parse", "HEAD") != head


def test_an_earlier_commit_beneath_a_later_one(copy: Path) -> None:
    text = (copy / BANNER).read_bytes()
    commit(copy, BANNER, text.replace(b"default: on", b"default: off", 1))
    later = (copy / BANNER).read_bytes().replace(b"name:", b"name: New", 1)
    commit(copy, BANNER, later)
    done = run_burgee("rollback", "HEAD~1", cwd=copy)
    assert done.returncode == 0, done.shown
    assert (copy / BANNER).read_bytes() == later.replace(b"default: off", b"default: on", 1)


def test_a_conflict_changes_nothing(copy: Path) -> None:
    text = (copy / BANNER).read_bytes()
    commit(copy, BANNER, text.replace(b"default: on", b"default: off", 1))
    git(copy, "rm", "--quiet", "acme/flags/checkout/one-page.yaml")
    git(copy, "commit", "--quiet", "--amend", "--no-edit")
    commit(copy, BANNER, text.replace(b"default: on", b"default: {serve: on, percentage: 5}", 1))
    done = run_burgee("rollback", "HEAD~1", cwd=copy)
    assert done.returncode == 1
    assert f"later changes touch the same lines: {BANNER}" in done.stderr
    assert status(copy) == ""


def test_return_to_a_commit(copy: Path) -> None:
    commit(copy, LOCK, TABLES)
    commit(copy, BANNER, None)
    done = run_burgee("rollback", "--to", "HEAD~3", cwd=copy)
    assert done.returncode == 0, done.shown
    git(copy, "add", "--all")
    assert git(copy, "diff", "--cached", "--stat", "HEAD~3", "--") == ""


def test_one_flag_alone(copy: Path) -> None:
    commit(copy, LOCK, TABLES)
    text = (copy / BANNER).read_bytes()
    commit(copy, BANNER, text.replace(b"name:", b"name: New", 1))
    done = run_burgee("rollback", "--to", "HEAD~2", "--flag", "checkout.one-page", cwd=copy)
    assert (done.returncode, done.stdout) == (0, f"removed {LOCK}\n"), done.shown


def test_what_is_not_committed_is_not_lost(copy: Path) -> None:
    banner = copy / BANNER
    mine = banner.read_bytes() + b"# mine\n"
    banner.write_bytes(mine)
    done = run_burgee("rollback", "--to", "HEAD~1", cwd=copy)
    assert (done.returncode, "would be lost" in done.stderr) == (1, True), done.shown
    assert banner.read_bytes() == mine
    kept = run_burgee("rollback", "HEAD", cwd=copy)
    assert kept.returncode == 0, kept.shown
    assert banner.read_bytes().endswith(b"# mine\n")


def test_a_clone_that_is_too_shallow_is_told(copy: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{copy}", str(shallow))
    done = run_burgee("rollback", "HEAD", cwd=shallow)
    assert (done.returncode, "git fetch --unshallow" in done.stderr) == (2, True), done.shown
    assert status(shallow) == ""


def test_a_folder_inside_a_larger_repository(copy: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    (outer / "code.py").write_text("1\n", encoding="utf-8")
    shutil.copytree(copy, outer / "flags", ignore=shutil.ignore_patterns(".git"))
    git(outer, "add", "--all")
    git(outer, "commit", "--quiet", "--message", "first")
    (outer / "code.py").write_text("2\n", encoding="utf-8")
    text = (outer / "flags" / BANNER).read_bytes()
    commit(outer, f"flags/{BANNER}", text.replace(b"default: on", b"default: off", 1))
    done = run_burgee("rollback", "HEAD", cwd=outer / "flags")
    assert done.returncode == 0, done.shown
    assert status(outer) == f"M flags/{BANNER}"  # the first blank is stripped with the others


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "name one REV, or --to REV"),
        (("HEAD", "--to", "HEAD"), 2, "name one REV, or --to REV"),
        (("nope",), 2, "'nope' names no commit"),
        (("HEAD", "--flag", "nope"), 1, "there is no acme/flags/nope.yaml"),
        (("HEAD~1",), 1, "nothing was changed"),
    ],
)
def test_what_it_refuses(copy: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run_burgee("rollback", *arguments, cwd=copy)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.shown
    assert status(copy) == ""
