"""Promise: `burgee show --history` tells who changed what for users, and when, as git has it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.command import Ran, run_burgee
from support.dated_repository import DatedRepository
from support.flag_repository import git

FLAG = """\
name: Pay
rules:
  - name: testers
    when: {segment: testers}
    serve: on
  - name: ramp
    percentage: 10
    serve: on
default: off
"""


@pytest.fixture
def repo(tmp_path: Path) -> DatedRepository:
    return DatedRepository(tmp_path / "flags")


def show(repo: DatedRepository, *more: str, flag: str = "pay") -> Ran:
    return run_burgee("show", flag, "--repo", repo.root, "--history", *more, cwd=repo.root)


def entries(repo: DatedRepository, *more: str, flag: str = "pay") -> list[dict[str, Any]]:
    done = show(repo, "--json", *more, flag=flag)
    assert done.returncode == 0, done.shown
    found: list[dict[str, Any]] = done.json()["history"]
    return found


def said(repo: DatedRepository, *more: str, flag: str = "pay") -> list[tuple[str, list[str]]]:
    return [
        (each["subject"], [one["text"] for one in each["changes"]])
        for each in entries(repo, *more, flag=flag)
    ]


def test_a_life(repo: DatedRepository) -> None:
    first = repo.commit_on(
        "2026-01-05",
        "New",
        {"flags/pay.yaml": FLAG, "segments/testers.yaml": "members: [u1]\n"},
    )
    more = repo.commit_on(
        "2026-02-01",
        "More users",
        {"flags/pay.yaml": FLAG.replace("10", "25")},
        author="Bob",
    )
    who = repo.commit_on(
        "2026-02-02", "Two testers", {"segments/testers.yaml": "members: [u1, u2]"}
    )
    repo.commit_on("2026-02-03", "Elsewhere", {"flags/other.yaml": "default: off\n"})
    stop = repo.commit_on(
        "2026-03-01",
        "Stop",
        {
            "flags/pay.yaml": "owner: us\n"
            + FLAG.replace("10", "25")
            + "environments: {production: {state: off}}\n"
        },
    )
    comment = repo.commit_on(
        "2026-03-02", "Say why", {"flags/pay.yaml": (repo.path("flags/pay.yaml").read_text() + "#")}
    )
    done = show(repo)
    assert (
        done.stdout
        == f"""\
pay  (acme, acme/flags/pay.yaml)

{comment[:7]}  2026-03-02 12:00  Ann  Say why
  nothing changed for users (pay.yaml)

{stop[:7]}  2026-03-01 12:00  Ann  Stop
  production: state on → off
  owner none → us

{who[:7]}  2026-02-02 12:00  Ann  Two testers
  segment testers: members +1

{more[:7]}  2026-02-01 12:00  Bob  More users
  rule ramp: percentage 10 % → 25 %

{first[:7]}  2026-01-05 12:00  Ann  New
  the flag comes, on: default off; rules testers, ramp
"""
    )


def test_json(repo: DatedRepository) -> None:
    repo.commit_on("2026-01-05", "New", {"flags/pay.yaml": FLAG.replace("testers", "all")})
    commit = repo.commit_on("2026-02-01", "Stop", {"flags/pay.yaml": "state: off\ndefault: off\n"})
    (entry, _) = entries(repo)
    assert entry == {
        "commit": commit,
        "author": "Ann",
        "email": "a@example.com",
        "date": "2026-02-01T12:00:00Z",
        "subject": "Stop",
        "files": ["acme/flags/pay.yaml"],
        "changes": entry["changes"],
        "live_at": None,
        "live_by": None,
    }
    assert entry["changes"][0] == {"kind": "kill", "text": "state on → off", "environments": []}


def test_limit(repo: DatedRepository) -> None:
    for number in range(1, 5):
        repo.commit_on(
            f"2026-01-0{number}", f"{number}", {"flags/pay.yaml": FLAG.replace("10", f"{number}")}
        )
    assert [each["subject"] for each in entries(repo, "--limit", "2")] == ["4", "3"]
    assert show(repo, "--limit", "2").stdout.endswith(
        "\n\nolder commits are left out: --limit shows more\n"
    )
    assert "older" not in show(repo, "--limit", "4").stdout
    assert [each["subject"] for each in entries(repo, "--rev", "HEAD~2")] == ["2", "1"]


@pytest.mark.parametrize("alike", [True, False])
def test_renames_are_followed_by_likeness_or_seed(repo: DatedRepository, alike: bool) -> None:
    repo.commit_on("2026-01-05", "New", {"flags/old/name.yaml": FLAG})
    text = FLAG if alike else "default: off\n"
    renamed = {"flags/pay.yaml": f"seed: old.name\n{text}"}
    repo.commit_on("2026-02-01", "Rename", renamed, remove=("flags/old/name.yaml",))
    found = said(repo)
    assert [subject for subject, _ in found] == ["Rename", "New"]
    assert found[0][1][0] == "renamed from old.name"


def test_a_branch_tells_when_it_went_live(repo: DatedRepository) -> None:
    repo.commit_on("2026-01-05", "New", {"flags/pay.yaml": FLAG})
    git(repo.root, "checkout", "--quiet", "-b", "more")
    repo.commit_on("2026-01-06", "More", {"flags/pay.yaml": FLAG.replace("10", "20")}, author="Bob")
    git(repo.root, "checkout", "--quiet", "main")
    repo.commit_on("2026-01-07", "Elsewhere", {"flags/other.yaml": "default: off\n"})
    repo.git("2026-01-08", "Ann", "merge", "--quiet", "--no-ff", "-m", "Merge", "more")
    merge = git(repo.root, "rev-parse", "HEAD")
    more, new = entries(repo)
    assert (more["subject"], more["author"], more["date"][:10]) == ("More", "Bob", "2026-01-06")
    assert (more["live_at"], more["live_by"]) == ("2026-01-08T12:00:00Z", merge)
    assert new["live_at"] is None
    assert f"  live since 2026-01-08 12:00, with {merge[:7]}\n" in show(repo).stdout


def test_what_is_not_committed_comes_first(repo: DatedRepository) -> None:
    repo.commit_on("2026-01-05", "New", {"flags/pay.yaml": FLAG})
    repo.write({"flags/pay.yaml": FLAG.replace("10", "20")})
    assert said(repo)[0] == ("not committed", ["rule ramp: percentage 10 % → 20 %"])
    assert [subject for subject, _ in said(repo, "--rev", "HEAD")] == ["New"]
    repo.write({"flags/new.yaml": FLAG})
    assert [subject for subject, _ in said(repo, flag="new")] == ["not committed"]


def test_a_flag_that_is_gone_and_came_back(repo: DatedRepository) -> None:
    repo.commit_on("2026-01-05", "New", {"flags/pay.yaml": FLAG})
    repo.commit_on("2026-01-06", "Gone", {"flags/other.yaml": "{default: off}\n"})
    repo.commit_on("2026-01-07", "Remove", remove=("flags/pay.yaml",))
    assert said(repo)[0] == ("Remove", ["the flag goes"])
    repo.commit_on("2026-01-08", "Again", {"flags/pay.yaml": "default: on\n"})
    subjects = [subject for subject, _ in said(repo)]
    assert subjects == ["Again", "Remove", "New"]
    unknown = show(repo, flag="pya")
    assert unknown.returncode == 1
    assert "did you mean pay?" in unknown.stderr


SPLIT = "variants: [a, b]\ndefault: {split: {a: 60, b: 40}}\n"
LOCK = """\
tables:
  - table: default
    environments: [staging, production]
    weights: {a: 60, b: 40}
    ranges:
      a: [[0, 50000], [90000, 100000]]
      b: [[50000, 90000]]
"""


def test_locks_schedules_and_lists_in_words(repo: DatedRepository) -> None:
    repo.commit_on("2026-01-01", "New", {"flags/pay.yaml": SPLIT})
    repo.commit_on("2026-01-02", "Lock", {"flags/pay.lock.yaml": LOCK})
    other = LOCK.replace("[0, 50000], [90000", "[0, 40000], [80000").replace(
        "[50000, 9", "[40000, 8"
    )
    repo.commit_on("2026-01-03", "Relock", {"flags/pay.lock.yaml": other})
    steps = "schedule: [{at: 2026-12-01, set: {state: off}}]\n"
    repo.commit_on("2026-01-04", "Plan", {"flags/pay.yaml": SPLIT + steps})
    found = dict(said(repo))
    assert found["Lock"] == ["the lock of default comes"]
    assert found["Relock"] == ["the lock of default: 20 % of slots have another arm"]
    assert found["Plan"] == ["to come at 2026-12-01T00:00:00Z: state on → off"]


def test_layers_and_member_lists(repo: DatedRepository) -> None:
    flag = """\
variants: [a, b]
default: a
rules:
  - name: trial
    when: {segment: vip}
    experiment: {status: running, control: a, layer: shop}
    serve: {split: {a: 1, b: 1}}
"""
    files = {
        "flags/pay.yaml": flag,
        "layers.yaml": "shop: {slots: {pay/trial: [[0, 10]]}}\n",
        "segments/vip.yaml": "members_file: vip.members.csv\n",
        "segments/vip.members.csv": "u1\nu2\n",
    }
    repo.commit_on("2026-01-01", "New", files)
    layers = "shop: {holdout: [[90, 100]], slots: {pay/trial: [[0, 25]]}}\n"
    repo.commit_on("2026-01-02", "Layer", {"layers.yaml": layers})
    repo.commit_on("2026-01-03", "List", {"segments/vip.members.csv": "u1\nu3\nu4\n"})
    found = dict(said(repo))
    assert found["Layer"] == [
        "layer shop: holdout 0 % → 10 % (90–100)",
        "layer shop: slots of trial 10 % (0–10) → 25 % (0–25)",
    ]
    assert found["List"] == ["vip.members.csv +2 -1"]


def test_a_commit_in_which_it_did_not_read(repo: DatedRepository) -> None:
    repo.commit_on("2026-01-01", "New", {"flags/pay.yaml": "default: off\n"})
    repo.commit_on("2026-01-02", "Oops", {"flags/pay.yaml": "defalt: off\n"})
    repo.commit_on("2026-01-03", "Mend", {"flags/pay.yaml": "default: on\n"})
    found = dict(said(repo))
    assert found["Oops"] == ["the file cannot be read as it was after"]
    assert found["Mend"] == ["the file cannot be read as it was before"]


def test_a_folder_inside_a_repository_has_its_own_paths(tmp_path: Path) -> None:
    outer = DatedRepository(tmp_path / "all")
    inner = {"in/burgee.yaml": "environments: [production]\n", "in/acme/flags/pay.yaml": FLAG}
    outer.commit_on("2026-01-01", "New", {**inner, "README.md": "x"})
    outer.commit_on("2026-01-02", "Text", {"README.md": "y"})
    done = run_burgee("show", "pay", "--history", cwd=outer.root / "in")
    assert "New" in done.stdout
    assert "Text" not in done.stdout


def test_without_git_there_is_no_history(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "acme" / "flags").mkdir(parents=True)
    (folder / "burgee.yaml").write_text("environments: [production]\n")
    (folder / "acme" / "flags" / "pay.yaml").write_text(FLAG)
    done = run_burgee("show", "pay", "--history", cwd=folder)
    assert done.returncode == 1
    assert "no git repository with a commit" in done.stderr


def test_what_is_no_text_in_a_commit_is_shown_all_the_same(repo: DatedRepository) -> None:
    repo.commit_on("2026-01-01", "New", {"flags/pay.yaml": FLAG})
    raw = subprocess.run(
        ["git", "cat-file", "commit", "HEAD"], cwd=repo.root, capture_output=True, check=True
    ).stdout
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repo.root,
        input=raw.replace(b"author Ann", b"author \xe9 \x1b[2J").replace(
            b"New", b"caf\xe9 \x1b[1m"
        ),
        capture_output=True,
        check=True,
    ).stdout.decode()
    git(repo.root, "reset", "--quiet", "--hard", made.strip())
    (entry,) = entries(repo)
    assert entry["author"] == "\ufffd \x1b[2J"
    assert "  \ufffd \\x1b[2J  caf\ufffd \\x1b[1m\n" in show(repo).stdout
