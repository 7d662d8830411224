"""Promise: the command compares what it says it compares, and refuses what it cannot use."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from support.command import Ran, git, run_burgee

AT = ("--at", "2026-11-27T12:00:00Z")
BURGEE = "environments: [staging, production]\n"
FLAG = "default: {serve: on, percentage: %s}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository whose `main` has a flag at 10 %."""
    root = tmp_path / "flags"
    (root / "acme" / "flags").mkdir(parents=True)
    (root / "burgee.yaml").write_text(BURGEE)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "10", "ten")
    return root


def write(root: Path, percentage: str) -> None:
    (root / "acme" / "flags" / "f.yaml").write_text(FLAG % percentage)


def commit(root: Path, percentage: str, message: str, *options: str) -> str:
    write(root, percentage)
    git(root, "add", "--all")
    git(root, *options, "commit", "--quiet", "--message", message)
    return git(root, "rev-parse", "HEAD")


def burgee_plan(root: Path, *arguments: str | Path) -> Ran:
    return run_burgee("plan", root, *AT, *arguments, cwd=root.parent)


def change(done: Ran) -> str:
    """Return what the only flag's change is, in its words."""
    (flag,) = done.json()["flags"]
    found: str = flag["environments"][0]["changes"][0]
    return found


def class_of(done: Ran) -> str:
    found: str = done.json()["class"]
    return found


def test_files_here_against_head(repo: Path) -> None:
    write(repo, "20")
    before = git(repo, "status", "--porcelain")
    done = burgee_plan(repo, "--json")
    assert done.returncode == 0, done.shown
    assert change(done) == "default on for 10 % → on for 20 %"
    assert git(repo, "status", "--porcelain") == before


def test_base_is_where_both_parted(repo: Path) -> None:
    git(repo, "switch", "--quiet", "--create", "more")
    commit(repo, "20", "twenty")
    git(repo, "switch", "--quiet", "main")
    commit(repo, "50", "main goes on")
    done = burgee_plan(repo, "--base", "main", "--head", "more", "--json")
    assert change(done) == "default on for 10 % → on for 20 %"
    assert class_of(done) == "medium"


def test_head_against_its_first_parent(repo: Path) -> None:
    commit(repo, "20", "twenty")
    done = burgee_plan(repo, "--head", "HEAD", "--json")
    assert change(done) == "default on for 10 % → on for 20 %"


def test_the_clock_of_a_commit_is_its_own(repo: Path) -> None:
    commit(repo, "20", "twenty")
    done = run_burgee("plan", repo, "--head", "HEAD", "--json", cwd=repo)
    stamp = git(repo, "show", "--no-patch", "--format=%ct", "HEAD")
    shown = git(repo, "show", "--no-patch", "--format=%cd", "--date=format:%Y", "HEAD")
    assert stamp
    assert done.json()["at"].startswith(shown)


def test_a_repository_in_a_folder_of_another(repo: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet", "--initial-branch=main")
    git(outer, "commit", "--quiet", "--allow-empty", "--message", "nothing yet")
    shutil.copytree(repo, outer / "flags", ignore=shutil.ignore_patterns(".git"))
    done = burgee_plan(outer / "flags", "--json")
    assert done.returncode == 0, done.shown
    assert [flag["status"] for flag in done.json()["flags"]] == ["added"]
    assert done.json()["notes"][0].startswith("there was no flag repository at")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--base", "nothing"), "'nothing' names no commit"),
        (("--head", "nothing"), "'nothing' names no commit"),
        (("--head", "HEAD"), "has no parent here; name the base with --base REV"),
        (("--at", "yesterday"), "'yesterday' is no time"),
        (("--fail-on", "none"), "'none' is not one of"),
        (("--writer-key", "burgee.yaml"), "holds no SSH public key"),
        (("--contexts", "burgee.yaml"), "line 1 holds no JSON object"),
        (("--contexts", "none.jsonl"), "does not exist"),
    ],
)
def test_wrong_usage(repo: Path, arguments: tuple[str, str], message: str) -> None:
    done = run_burgee("plan", ".", *AT, *arguments, cwd=repo)
    assert done.returncode == 2, done.shown
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_without_git(tmp_path: Path) -> None:
    (tmp_path / "burgee.yaml").write_text(BURGEE)
    done = run_burgee("plan", tmp_path, cwd=tmp_path)
    assert done.returncode == 2, done.shown
    assert "is in no git repository" in done.stderr


def test_fail_on(repo: Path) -> None:
    write(repo, "20")
    assert burgee_plan(repo, "--fail-on", "high").returncode == 0
    assert burgee_plan(repo, "--fail-on", "medium").returncode == 1
    assert burgee_plan(repo, "--fail-on", "low").returncode == 1


def test_settings_of_the_base_hold(repo: Path) -> None:
    (repo / "burgee.yaml").write_text(BURGEE + "plan: {medium: 2, high: 8, fail_on: high}\n")
    commit(repo, "10", "settings")
    (repo / "burgee.yaml").write_text(BURGEE)
    write(repo, "20")
    done = burgee_plan(repo, "--json")
    assert (class_of(done), done.returncode) == ("high", 1)
    assert burgee_plan(repo, "--fail-on", "high").returncode == 1


def test_a_burgee_yaml_that_cannot_be_read_hides_no_change(repo: Path) -> None:
    write(repo, "20")
    (repo / "burgee.yaml").write_text(BURGEE + "plan: {medium: lots}\n")
    broken = burgee_plan(repo, "--json")
    assert broken.returncode == 1
    assert [each["code"] for each in broken.json()["found"]] == ["B207"]
    assert (broken.json()["flags"], broken.json()["without_effect"]) == ([], [])
    commit(repo, "20", "broken")
    (repo / "burgee.yaml").write_text(BURGEE)
    mended = burgee_plan(repo, "--json")
    assert [(flag["status"], flag["class"]) for flag in mended.json()["flags"]] == [
        ("unknown", "high")
    ]


def test_a_flag_held_up_by_its_segment_is_not_told_to_be_without_effect(repo: Path) -> None:
    segment = repo / "acme" / "segments" / "s.yaml"
    segment.parent.mkdir()
    segment.write_text("members: [u1]\n")
    rule = "rules: [{name: r, when: {segment: s}, serve: on}]\n"
    (repo / "acme" / "flags" / "g.yaml").write_text(f"{rule}default: off\n")
    commit(repo, "10", "a segment")
    segment.write_text("member: [u1]\n")
    (repo / "acme" / "flags" / "g.yaml").write_text(f"{rule}default: on\n")
    done = burgee_plan(repo, "--json")
    assert done.returncode == 1
    assert (done.json()["flags"], done.json()["without_effect"]) == ([], [])


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        ("{medium: 30, high: 25}", "B213"),
        ("{medium: lots}", "B207"),
        ("{high: 101}", "B207"),
        ("{fail_on: none}", "B212"),
        ("{hihg: 20}", "B201"),
    ],
)
def test_settings_are_checked(repo: Path, settings: str, finding: str) -> None:
    (repo / "burgee.yaml").write_text(f"{BURGEE}plan: {settings}\n")
    done = run_burgee("check", repo, cwd=repo)
    assert (done.returncode, f"error[{finding}]" in done.stdout) == (1, True), done.shown


def test_real_contexts(repo: Path, tmp_path: Path) -> None:
    contexts = tmp_path / "users.jsonl"
    lines = [json.dumps({"targetingKey": f"u-{number}"}) for number in range(2_000)]
    contexts.write_text("\n\n".join(lines) + "\n")
    write(repo, "20")
    done = burgee_plan(repo, "--contexts", contexts, "--json")
    real = done.json()["flags"][0]["environments"][0]["real"]
    (moved,) = real["transitions"]
    assert real["contexts"] == 2_000
    assert 140 < real["changed"] == moved["count"] < 260
    assert moved["before"] == {"variant": "off", "rule": None}
    assert moved["after"] == {"variant": "on", "rule": None}
    first = json.loads(contexts.read_text().splitlines()[moved["examples"][0] - 1])
    sides = [
        run_burgee(
            *("eval", "f", "-e", "production", "--repo", repo, "--context", json.dumps(first)),
            *(*AT, "--json", *revision),
            cwd=tmp_path,
        ).json()["variant"]
        for revision in (("--rev", "HEAD"), ())
    ]
    assert sides == ["off", "on"]
    comment = burgee_plan(repo, "--contexts", contexts, "--format", "markdown").stdout
    assert f"of 2,000 real contexts, {real['changed']} get something else" in comment
    assert "u-" not in comment


def test_steps_of_a_writer_are_one_large_step(repo: Path, tmp_path: Path) -> None:
    keys = [ssh_key(tmp_path, name) for name in ("writer", "other")]
    for percentage in ("13", "16", "19", "22"):
        commit(repo, percentage, f"writer: {percentage}", *signing(keys[0]))
    write(repo, "25")
    alone = burgee_plan(repo, "--json")
    assert class_of(alone) == "low"
    assert "no commits of a writer were looked through" in alone.json()["notes"][0]
    through = burgee_plan(repo, "--writer-key", f"{keys[0]}.pub", "--json")
    assert class_of(through) == "medium"
    assert "4 commits of the writer looked through" in through.json()["notes"][0]
    assert class_of(burgee_plan(repo, "--writer-key", f"{keys[1]}.pub", "--json")) == "low"


def test_only_what_the_writer_signed_is_looked_through(repo: Path, tmp_path: Path) -> None:
    writer, other = (ssh_key(tmp_path, name) for name in ("writer", "other"))
    commit(repo, "13", "writer", *signing(writer))
    commit(repo, "16", "somebody else", *signing(other))
    reviewed = commit(repo, "16.5", "by hand")
    commit(repo, "19", "writer", *signing(writer))
    write(repo, "23")
    done = burgee_plan(repo, "--writer-key", f"{writer}.pub", "--json")
    assert (
        f"1 commit of the writer looked through: classes compare with {reviewed[:7]}"
        in (done.json()["notes"][0])
    )
    assert class_of(done) == "medium"  # 6.5 %; from the base it is 4


def ssh_key(folder: Path, name: str) -> Path:
    """Make an SSH key."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)],
        check=True,
    )
    return folder / name


def signing(key: Path) -> tuple[str, ...]:
    """Return the options by which git signs a commit with a key."""
    return (
        *("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}"),
        *("-c", "commit.gpgsign=true"),
    )
