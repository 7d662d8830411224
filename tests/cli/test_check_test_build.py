"""Promise: check, test and build say what is wrong, where and what to do, and exit by it."""

import json
import shutil
from pathlib import Path

import pytest

from support.command import git, run_burgee

BANNER = "acme/flags/welcome-banner.yaml"


def edit(repo: Path, old: str, new: str) -> None:
    path = repo / BANNER
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_good_flags_pass(repo: Path) -> None:
    checked = run_burgee("check", cwd=repo / "acme" / "flags")  # the nearest folder upward
    tested = run_burgee("test", repo, cwd=repo.parent)
    assert (checked.returncode, tested.returncode) == (0, 0)
    assert checked.stdout == "2 flags and 1 segment of 1 tenant: no findings\n"
    assert tested.stdout.endswith("tests passed\n")


def test_an_error_has_place_and_cure_and_is_1(broken: Path) -> None:
    done = run_burgee("check", broken, cwd=broken.parent)
    assert done.returncode == 1
    assert "B304" in done.stdout or "onn" in done.stdout
    assert f"--> {BANNER}:" in done.stdout
    assert "= help: did you mean" in done.stdout


def test_formats(broken: Path) -> None:
    found = run_burgee("check", "--json", cwd=broken)
    assert found.returncode == 1
    assert "onn" in json.dumps(found.json())
    sarif = run_burgee("check", "--format", "sarif", cwd=broken).json()
    assert sarif["version"] == "2.1.0"
    github = run_burgee("check", "--format", "github", cwd=broken).stdout
    assert github.startswith("::error ")
    assert f"file={BANNER}" in github


def test_paths_narrow_what_is_shown(broken: Path) -> None:
    elsewhere = run_burgee("check", "acme/segments", cwd=broken)
    there = run_burgee("check", broken, "acme/flags", cwd=broken.parent)
    unknown = run_burgee("check", "acme/flagz", cwd=broken)
    assert (elsewhere.returncode, there.returncode, unknown.returncode) == (0, 1, 2)


def test_a_warning_is_0(copy: Path) -> None:
    edit(
        copy,
        "rules:",
        "variants: {on: {value: true}, off: {value: false}, none: {value: null}}\nrules:",
    )
    done = run_burgee("check", cwd=copy)
    assert "warning[" in done.stdout
    assert done.returncode == 0


def test_a_failing_test_is_1(copy: Path) -> None:
    edit(copy, "expect: {value: true}", "expect: {value: false}")
    text = run_burgee("test", cwd=copy)
    rows = run_burgee("test", "--json", cwd=copy)
    assert (text.returncode, rows.returncode) == (1, 1)
    assert "B601" in text.stdout
    assert "1 failed" in text.stdout
    assert [row["test"] for row in rows.json()["tests"] if not row["passed"]] == [
        "is on in development"
    ]
    narrowed = run_burgee("test", "-k", "staff", cwd=copy)
    assert narrowed.returncode == 0


def test_a_failing_test_is_shown_once_with_the_way_to_ask_why(copy: Path) -> None:
    edit(
        copy, "tests:", "tests:\n  - {it: x, at: 2026-12-01, context: {a: it's}, expect: {rule: r}}"
    )
    done = run_burgee("test", cwd=copy)
    assert done.stdout.count('test "x" fails') == 1, done.shown
    assert "= note: also in staging, production" in done.stdout
    command = (
        "`burgee explain welcome-banner --tenant acme --environment development "
        """--context '{"a":"it'"'"'s"}' --at 2026-12-01T00:00:00Z`"""
    )
    assert command in done.stdout


def test_tests_that_do_not_run(copy: Path) -> None:
    none = run_burgee("test", "-k", "nosuch", cwd=copy)
    assert (none.returncode, none.stdout) == (1, "")
    assert "no test's flag or name holds 'nosuch'" in none.stderr
    edit(copy, "default: on", "default: onn")
    assert "no test was run" in run_burgee("test", cwd=copy).stdout


def test_build_writes_what_an_edge_node_reads(repo: Path, tmp_path: Path) -> None:
    done = run_burgee("build", repo, "--out", tmp_path, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.shown
    commit = git(repo, "rev-parse", "HEAD")
    manifest = json.loads((tmp_path / "production" / "manifest.json").read_bytes())
    assert manifest["commit"] == commit
    assert manifest["version"] == f"2-{commit[:7]}"
    assert done.json()["environments"]["production"]["version"] == manifest["version"]


def test_a_commit_builds_as_its_clone_does(repo: Path, tmp_path: Path) -> None:
    there = run_burgee(
        "build", repo, "--rev", "HEAD~1", "--out", tmp_path / "a", "--json", cwd=repo
    )
    git(tmp_path, "clone", "--quiet", str(repo), "clone")
    git(tmp_path / "clone", "checkout", "--quiet", "HEAD~1")
    here = run_burgee("build", "clone", "--out", "b", "--json", cwd=tmp_path)
    assert there.json()["environments"] == here.json()["environments"]


def test_an_error_leaves_nothing_written(broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    done = run_burgee("build", broken, "--out", out, cwd=tmp_path)
    assert done.returncode == 1
    assert not out.exists()
    assert "nothing was written" in done.stdout


def test_a_flag_that_does_not_build_is_held(copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    assert run_burgee("build", copy, "--out", out, cwd=tmp_path).returncode == 0
    edit(copy, "default: on", "default: onn")
    done = run_burgee("build", copy, "--out", out, "--last-good", out, cwd=tmp_path)
    assert done.returncode == 1
    assert "held: acme/welcome-banner as of" in done.stdout
    assert "held: acme/checkout.one-page" in done.stdout  # requires the other
    nothing = run_burgee("build", copy, "--out", out, "--last-good", tmp_path / "x", cwd=tmp_path)
    assert nothing.returncode == 1
    assert "written to" in nothing.stdout


def test_what_cannot_be_written_is_2(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run_burgee("build", repo, "--out", tmp_path / "file" / "x", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("command", ["check", "test"])
def test_revisions(repo: Path, command: str) -> None:
    assert run_burgee(command, "--rev", "HEAD~1", cwd=repo).returncode == 0
    unknown = run_burgee(command, "--rev", "nosuch", cwd=repo)
    assert unknown.returncode == 2
    assert "names no commit" in unknown.stderr


def test_a_folder_without_git_has_no_revisions(repo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    shutil.copytree(repo, folder, ignore=shutil.ignore_patterns(".git"))
    assert run_burgee("check", cwd=folder).returncode == 0
    assert run_burgee("check", "--rev", "HEAD", cwd=folder).returncode == 2
