"""Promise: each kind of change gives the plan that was read and found good, in every format.

Each directory of tests/golden/plan has `change.diff`, an edit of the repository in
tests/golden/plan-base (after `before.diff`, where there is one), and the plan of it as text,
Markdown and JSON. Where the output differs it is left beside the expected one, as `….actual`; with
BURGEE_ACCEPT=1 it becomes that. Commits go by the names of their side, so that they may change.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from burgee_cli.commands.plan import command
from burgee_compiler.schema import schema_text
from support.command import environment, run_burgee
from support.golden import accepts, cases

AT = "2026-11-27T12:00:00Z"
CASES = cases("plan")
BASE = Path(__file__).parents[2] / "golden" / "plan-base"
SCHEMA = json.loads(schema_text("plan"))


def git(folder: Path, *arguments: str) -> str:
    """Run git at a fixed time, so that a commit's name depends on its files alone."""
    when = {"GIT_AUTHOR_DATE": "2026-11-27T08:00:00Z", "GIT_COMMITTER_DATE": "2026-11-27T08:00:00Z"}
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@acme.example", "-c", "core.autocrlf=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments],
        env=environment(**when),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def made(folder: Path, into: Path) -> str:
    """Make the repository of a case and edit its files; return the base's commit."""
    shutil.copytree(BASE, into)
    git(into, "init", "--quiet", "--initial-branch=main")
    git(into, "add", "--all")
    git(into, "commit", "--quiet", "--message", "base")
    for name in ("before.diff", "change.diff"):
        diff = folder / name
        if diff.exists() and diff.stat().st_size:
            git(into, "apply", "--whitespace=nowarn", str(diff))
        if diff.exists() and name == "before.diff":
            git(into, "add", "--all")
            git(into, "commit", "--quiet", "--message", "before")
    return git(into, "rev-parse", "HEAD")[:7]


def plan_in_process(root: Path, form: str) -> str:
    done = CliRunner().invoke(command, [str(root), "--at", AT, "--format", form])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.output


def hold(expected: Path, actual: str) -> str | None:
    """Hold an output against the expected one; return what differs."""
    left = expected.with_name(f"{expected.name}.actual")
    if accepts():
        expected.write_text(actual, encoding="utf-8", newline="\n")
    if expected.exists() and expected.read_text(encoding="utf-8") == actual:
        left.unlink(missing_ok=True)
        return None
    left.write_text(actual, encoding="utf-8", newline="\n")
    return f"{expected} differs; the new output is {left}"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_plan(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    base = made(folder, root)
    text = run_burgee("plan", root, "--at", AT, cwd=tmp_path)
    assert text.stderr == ""
    outputs = {
        "expected.txt": f"$ burgee plan --at {AT}\n{text.stdout}exit {text.returncode}\n",
        "expected.md": plan_in_process(root, "markdown"),
        "expected.json": plan_in_process(root, "json"),
    }
    jsonschema.validate(json.loads(outputs["expected.json"]), SCHEMA)
    found = [hold(folder / name, text.replace(base, "BASE")) for name, text in outputs.items()]
    assert [each for each in found if each is not None] == []


def test_no_line_is_longer_than_a_terminal() -> None:
    for folder in CASES:
        for line in (folder / "expected.txt").read_text(encoding="utf-8").splitlines():
            assert len(line) <= 100, (folder.name, line)


def test_a_comment_tells_no_ids() -> None:
    """Ids of users stand in no comment: who reads a pull request may not know them."""
    for folder in CASES:
        text = (folder / "expected.md").read_text(encoding="utf-8")
        assert [each for each in ("u-42", "u-1004", "vip-2001") if each in text] == [], folder.name


def test_there_are_many() -> None:
    assert len(CASES) >= 50
    assert os.path.commonpath([*CASES, BASE]) == str(BASE.parent)
