"""Promise: check tells where a lock would save a move, and what; --fix writes just that.

Without --base nothing of it is said: what a folder alone holds is judged without its history.
"""

from pathlib import Path

import pytest

from support.command import git, run_burgee

FLAG = "variants: [a, b, c]\ndefault: {split: {a: 50, b: 50}}\n"
RULE = """\
rules:
  - name: r
    serve: a
    schedule: [{at: 2026-12-01, set: {serve: {split: {a: 50, b: 50}}}}]
    environments: {staging: {serve: {split: {a: 50, b: 50}}}}
"""
WIDER = "a: 40, b: 40, c: 20"
LOCK = """\
tables:
  - table: default
    environments: [staging, production]
    weights: {a: 50, b: 50}
    ranges:
      a: [[50000, 100000]]
      b: [[0, 50000]]
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "acme" / "flags").mkdir(parents=True)
    levels = "levels: {B714: off}  # c is for an edit to serve\n"
    (tmp_path / "burgee.yaml").write_text(f"environments: [staging, production]\n{levels}")
    (tmp_path / "acme/flags/x.yaml").write_text(FLAG + RULE)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    return tmp_path


def commit(repo: Path) -> None:
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "change")


def edit(repo: Path, old: str, new: str, name: str = "x.yaml") -> None:
    path = repo / "acme" / "flags" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def test_a_missing_lock(repo: Path) -> None:
    edit(repo, "a: 50, b: 50", WIDER)
    assert "no findings" in run_burgee("check", cwd=repo).stdout
    told = run_burgee("check", "--base", "main", "--json", cwd=repo).json()["findings"]
    # The step's table follows a variant for all, so it is canonical before and after.
    places = [(each["code"], each["line"], each["column"]) for each in told]
    assert places == [("B419", 2, 18), ("B419", 6, 54), ("B419", 7, 45)]
    assert (
        "moves 30.000 % of its users in staging, production, where 20.000 %" in told[0]["message"]
    )
    assert "from 2026-12-01T00:00:00Z on" in told[1]["message"]
    assert told[2]["message"].count("in staging,") == 1
    assert told[0]["notes"] == ["compared with main; a lock keeps 10.000 % where they are"]
    assert told[0]["fix"]["file"] == "acme/flags/x.lock.yaml"
    fixed = run_burgee("check", "--base", "main", "--fix", cwd=repo)
    assert fixed.stderr == "wrote acme/flags/x.lock.yaml\n"
    assert "no findings" in fixed.stdout
    lock = (repo / "acme/flags/x.lock.yaml").read_text(encoding="utf-8")
    assert lock == told[0]["fix"]["text"]
    assert lock.count("- table:") == 3
    commit(repo)
    assert (
        "no findings" in run_burgee("check", "--base", "HEAD~1", "--rev", "HEAD", cwd=repo).stdout
    )


def test_a_lock_of_something_else(repo: Path) -> None:
    (repo / "acme/flags/x.lock.yaml").write_text(LOCK)
    told = run_burgee("check", "--base", "HEAD", "--json", cwd=repo).json()["findings"]
    assert [each["code"] for each in told] == ["B420"]
    assert told[0]["labels"][0]["file"] == "acme/flags/x.lock.yaml"
    assert "moves 100.000 % of its users" in told[0]["message"]
    fixed = run_burgee("check", "--fix", cwd=repo)
    assert fixed.stderr == "removed acme/flags/x.lock.yaml\n"
    assert not (repo / "acme/flags/x.lock.yaml").exists()


def test_locks_that_do_not_fit_are_fixed(repo: Path) -> None:
    """Stale, of what is gone, damaged, in conflict: the base says what each table should be."""
    lock = repo / "acme/flags/x.lock.yaml"
    lock.write_text(LOCK)
    commit(repo)
    for old, new, code in (
        ("{a: 50, b: 50}", "{a: 50, b: 60}", "B409"),
        ("[[0, 50000]]", "[[0, 50001]]", "B411"),
        ("table: default", "table: gone", "B412"),
        ("[[0, 50000]]", "[[0, 5x]]", "B410"),
        ("    ranges:", "<<<<<<< ours\n    ranges:\n=======\n    range:\n>>>>>>> theirs", "B106"),
    ):
        edit(repo, old, new, "x.lock.yaml")
        assert code in run_burgee("check", cwd=repo).stdout
        done = run_burgee("check", "--fix", cwd=repo)
        assert (done.returncode, lock.read_text(encoding="utf-8")) == (0, LOCK), done.shown


def test_what_has_no_sure_cure_is_left(repo: Path) -> None:
    (repo / "acme/flags/new.yaml").write_text(FLAG)
    (repo / "acme/flags/new.lock.yaml").write_text(LOCK.replace("[[0, 50000]]", "[[0, 50001]]"))
    done = run_burgee("check", "--fix", cwd=repo)
    assert (done.returncode, "B411" in done.stdout, done.stderr) == (1, True, "")
    lock = run_burgee("lock", cwd=repo)
    assert (lock.returncode, "its lock cannot be used" in lock.stderr) == (1, True)


def test_levels_and_paths_hold_for_it(repo: Path) -> None:
    edit(repo, "a: 50, b: 50", WIDER)
    (repo / "burgee.yaml").write_text(
        "environments: [staging, production]\nlevels: {B419: error}\n"
    )
    assert run_burgee("check", "--base", "HEAD", cwd=repo).returncode == 1
    elsewhere = run_burgee("check", "acme/flags/y", "--base", "HEAD", cwd=repo)
    assert elsewhere.returncode == 2
    (repo / "acme/flags/y.yaml").write_text(FLAG)
    assert run_burgee("check", "acme/flags/y.yaml", "--fix", cwd=repo).returncode == 0
    assert not (repo / "acme/flags/x.lock.yaml").exists()
    assert run_burgee("check", "--fix", "--rev", "HEAD", cwd=repo).returncode == 2
