"""Promise: the workflow that init writes does what it says, run on a repository with two branches.

Each script of the workflow is run by bash in a clone. The checkout and Python are there already, so
those steps are passed over; the step that installs Burgee is replaced by nothing, since `burgee` on
PATH is this tree's; comments go to a forge on loopback.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.command import git, run_burgee
from support.forge import Forge
from support.workflows import Runner

BANNER = "acme/flags/welcome-banner.yaml"
WORKFLOW = ".github/workflows/flags.yml"

Start = Callable[..., Runner]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of what init made, on a branch in which more of those who pay see the banner."""
    origin = tmp_path / "origin"
    assert run_burgee("init", origin, cwd=tmp_path).returncode == 0
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "first")
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    clone = tmp_path / "clone"
    git(clone, "switch", "--quiet", "--create", "wider")
    edit(clone, "percentage: 25", "percentage: 40", "on: 25, off: 75", "on: 40, off: 60")
    return clone


@pytest.fixture
def start(clone: Path, tmp_path: Path, shell: dict[str, str], hub: Forge) -> Start:
    """Run the workflow for the clone as it lies there."""

    def started(event_name: str = "pull_request", **options: Any) -> Runner:
        pull = {"pull_request": {"number": 7, "base": {"ref": "main"}}}
        pushed = {"ref": "refs/heads/main"}
        runner = Runner(
            clone,
            tmp_path / f"run-{len(list(tmp_path.glob('run-*')))}",
            {**shell, "GITHUB_API_URL": hub.address},
            event=pull if event_name == "pull_request" else pushed,
            event_name=event_name,
            replaced={"Install Burgee": "burgee --version"},
            **options,
        )
        runner.run(clone / WORKFLOW)
        return runner

    return started


def edit(clone: Path, *pairs: str) -> None:
    """Replace texts in the banner, and commit that."""
    path = clone / BANNER
    text = path.read_text(encoding="utf-8")
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8", newline="\n")
    git(clone, "commit", "--quiet", "--all", "--message", "change")


def test_a_good_change_is_told_and_the_next_push_replaces_what_was_told(
    clone: Path, start: Start, hub: Forge
) -> None:
    first = start()
    assert first.ended == "success", first.printed
    assert [each.name for each in first.done if not each.used] == [
        *("Install Burgee", "Check", "Test", "Plan", "Tell what the change does")
    ], "on a pull request nothing is built"
    assert hub.changes == ["POST /repos/acme/flags/issues/7/comments"]
    assert hub.tokens == {"Bearer a-token-of-the-run"}
    assert "15" in hub.comments[0]["body"], "40 % where 25 % saw it"
    edit(clone, "percentage: 40", "percentage: 60", "on: 40, off: 60", "on: 60, off: 40")
    assert start().ended == "success"
    assert hub.changes[1:] == ["PATCH /repos/acme/flags/issues/comments/100"]
    (comment,) = hub.comments
    assert comment["body"].startswith("<!-- burgee-plan -->\n")
    assert "welcome-banner" in comment["body"]
    assert "60" in comment["body"]


def test_a_bad_change_fails_with_a_mark_on_its_line(clone: Path, start: Start, hub: Forge) -> None:
    edit(clone, "default: off", "default: offf")
    run = start()
    assert run.ended == "failure"
    check = run.step("Check")
    assert check.outcome == "failure"
    line = (clone / BANNER).read_text(encoding="utf-8").splitlines().index("default: offf") + 1
    assert f"::error file={BANNER},line={line},col=10,endColumn=14,title=B" in check.printed
    assert "Test" not in [each.name for each in run.done]
    assert "1 error" in hub.comments[0]["body"], "whoever reads the plan is told"


def test_a_failing_test_fails(clone: Path, start: Start) -> None:
    edit(clone, "on: 40, off: 60", "on: 41, off: 59")
    run = start()
    assert (run.step("Check").outcome, run.step("Test").outcome) == ("success", "failure")
    assert "is on for a quarter of those who pay" in run.step("Test").printed


def test_a_pull_request_from_a_fork_passes_with_the_plan_in_the_summary(
    start: Start, hub: Forge
) -> None:
    hub.answer = 403
    run = start()
    assert run.ended == "success", run.printed
    assert "::notice" in run.step("Tell what the change does").printed
    assert run.summary.read_text(encoding="utf-8").startswith("<!-- burgee-plan -->\n### Plan")


def test_main_is_built_for_each_environment(clone: Path, start: Start, tmp_path: Path) -> None:
    git(clone, "switch", "--quiet", "main")
    git(clone, "merge", "--quiet", "--ff-only", "wider")
    assert run_burgee("keygen", "keys", cwd=tmp_path).returncode == 0
    key = (tmp_path / "keys" / "signing.key").read_text(encoding="ascii")
    run = start("push", secrets={"BURGEE_SIGNING_KEY": key.rstrip("\n")})
    assert run.ended == "success", run.printed
    published = [each.given for each in run.done if each.name == "Publish"]
    names = ("development", "staging", "production")
    assert published == [{"name": f"flags-{name}", "path": "dist"} for name in names]
    done = run_burgee("verify", clone / "dist", "--key", "keys/signing.pub", cwd=tmp_path)
    assert done.returncode == 0, done.shown
    assert done.stdout.count("version 2-") == 3
    assert git(clone, "status", "--porcelain") == "", "a build leaves nothing to commit"


def test_without_a_key_the_build_is_unsigned(clone: Path, start: Start) -> None:
    run = start("push")
    assert run.ended == "success", run.printed
    assert (clone / "dist" / "production" / "manifest.json").exists()
    assert not list((clone / "dist").rglob("*.sig"))
