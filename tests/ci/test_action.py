"""Promise: the action does what its page says, in a repository where the flags are a folder.

Its scripts are run by bash in a clone with two branches, against a forge on loopback. The input
`install: "false"` is what it has for places where `burgee` is there already, as it is here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from burgee_cli.commands.test import command as flag_tests
from support.command import git
from support.forge import Forge
from support.process import ROOT
from support.workflows import Runner

FLAG = "shop/acme/flags/checkout.yaml"
TEXT = """\
default: {serve: on, percentage: 10}
tests:
  - {it: starts small, context: {}, expect: {shares: {on: 10, off: 90}}}
"""
MORE = TEXT.replace("percentage: 10", "percentage: 20").replace(
    "on: 10, off: 90", "on: 20, off: 80"
)
ACTION = ROOT / ".github" / "actions" / "burgee"
INPUTS = {"repo": "shop", "install": "false"}

Start = Callable[..., Runner]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    origin = tmp_path / "origin"
    flag = origin / FLAG
    flag.parent.mkdir(parents=True)
    flag.write_text(TEXT, encoding="utf-8", newline="\n")
    (origin / "shop" / "burgee.yaml").write_text("environments: [production]\n", encoding="utf-8")
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "first")
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    git(tmp_path / "clone", "switch", "--quiet", "--create", "wider")
    write(tmp_path / "clone", MORE)
    return tmp_path / "clone"


@pytest.fixture
def start(clone: Path, tmp_path: Path, shell: dict[str, str], hub: Forge) -> Start:
    def started(event_name: str = "pull_request", **given: str) -> Runner:
        inputs = {name.replace("_", "-"): value for name, value in given.items()}
        runner = runner_in(
            clone, tmp_path / "run", {**shell, "GITHUB_API_URL": hub.address}, event_name
        )
        runner.act(ACTION, {**INPUTS, **inputs})
        return runner

    return started


def runner_in(
    tree: Path, scratch: Path, variables: Mapping[str, str], event_name: str = "pull_request"
) -> Runner:
    pull: dict[str, Any] = {"pull_request": {"number": 7, "base": {"ref": "main"}}}
    event = pull if event_name == "pull_request" else {"ref": "refs/heads/main"}
    return Runner(tree, scratch, variables, event=event, event_name=event_name)


def write(clone: Path, text: str) -> None:
    (clone / FLAG).write_text(text, encoding="utf-8", newline="\n")
    git(clone, "commit", "--quiet", "--all", "--message", "change")


def names(run: Runner) -> list[str]:
    return [each.name for each in run.done]


def test_a_change_is_checked_tested_and_told(start: Start, hub: Forge) -> None:
    run = start()
    assert run.ended == "success", run.printed
    assert names(run) == [
        *("Find what to compare with", "Check", "Test", "Plan", "Tell what the change does")
    ]
    assert run.outputs["class"] in ("none", "low", "medium", "high")
    plan = Path(run.outputs["plan-file"]).read_text(encoding="utf-8")
    assert [each["body"] for each in hub.comments] == [plan]
    assert "checkout" in plan
    assert run.summary.read_text(encoding="utf-8") == ""


def test_findings_are_marked_where_the_file_is_in_the_whole_repository(
    clone: Path, start: Start
) -> None:
    write(clone, MORE.replace("serve: on", "serve: onn"))
    run = start(sarif="found.sarif")
    assert run.ended == "failure"
    assert f"::error file={FLAG},line=1," in run.step("Check").printed
    found = json.loads((clone / "found.sarif").read_text(encoding="utf-8"))
    (result,) = found["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == FLAG


@pytest.mark.skipif(
    not any("--junit" in each.opts for each in flag_tests.params),
    reason="this version of `burgee test` has neither --junit nor --coverage-min",
)
def test_outcomes_of_tests_are_written_and_coverage_is_asked_for(clone: Path, start: Start) -> None:
    run = start(junit="outcomes.xml", coverage_min="100")
    assert run.ended == "success", run.printed
    assert "starts small" in (clone / "outcomes.xml").read_text(encoding="utf-8")


def test_a_plan_of_too_high_a_class_fails_after_it_was_told(start: Start, hub: Forge) -> None:
    run = start(fail_on="low")
    assert [each.name for each in run.done if each.outcome == "failure"] == [
        "Hold the plan to its class"
    ]
    assert f"of class {run.outputs['class']}, and fails from low up" in run.printed
    assert len(hub.comments) == 1


def test_without_comment_the_plan_is_in_the_summary(start: Start, hub: Forge) -> None:
    run = start(comment="false")
    assert run.ended == "success", run.printed
    assert hub.calls == []
    assert run.summary.read_text(encoding="utf-8").startswith("<!-- burgee-plan -->")


def test_a_push_has_no_plan_unless_a_base_is_named(start: Start, tmp_path: Path) -> None:
    run = start("push")
    assert names(run) == ["Find what to compare with", "Check", "Test"]
    assert run.outputs == {"class": "", "plan-file": ""}
    shutil.rmtree(tmp_path / "run")
    run = start("push", base="HEAD~1")
    assert names(run)[-1] == "Tell what the change does"
    assert "for no pull request" in run.printed
    assert "checkout" in run.summary.read_text(encoding="utf-8")


def test_a_base_that_is_not_there_is_told(start: Start, hub: Forge) -> None:
    run = start(base="origin/nowhere")
    assert run.ended == "failure"
    assert "'origin/nowhere' names no commit" in run.step("Plan").printed
    assert hub.calls == []


@pytest.mark.parametrize("names", [("repo", "base", "fail-on"), ("comment-key",)])
def test_no_input_becomes_part_of_a_script(
    start: Start, clone: Path, names: tuple[str, ...]
) -> None:
    start(**dict.fromkeys(names, "$(touch here) `touch here`; touch here; '\"\ntouch here"))
    assert not list(clone.rglob("here"))


@pytest.mark.slow
def test_our_own_workflow_uses_it(tmp_path: Path, shell: dict[str, str], hub: Forge) -> None:
    """On this tree's flags, on a branch of a repository that holds them and the action."""
    origin = tmp_path / "origin"
    for name in ("flags-repo", ".github"):
        shutil.copytree(ROOT / name, origin / name)
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "first")
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    clone = tmp_path / "clone"
    flag = clone / "flags-repo" / "acme" / "flags" / "search" / "suggestions-limit.yaml"
    flag.write_text(f"{flag.read_text(encoding='utf-8')}# a comment\n", encoding="utf-8")
    git(clone, "commit", "--quiet", "--all", "--message", "a comment")
    workflow = ROOT / ".github" / "workflows" / "flags.yml"
    here = {**shell, "GITHUB_API_URL": hub.address}
    for number, event in enumerate(("pull_request", "push")):
        run = Runner(
            clone,
            tmp_path / f"run-{number}",
            here,
            event={"pull_request": {"number": 7, "base": {"ref": "main"}}} if number == 0 else {},
            event_name=event,
            replaced={"Install Burgee from this tree": "burgee --version"},
        )
        run.run(workflow)
        assert run.ended == "success", run.printed
    (comment,) = hub.comments
    assert "no effect on any user" in comment["body"]
    assert (clone / "dist" / "production" / "manifest.json").exists()


def test_the_page_names_each_input_and_output() -> None:
    page = (ACTION / "README.md").read_text(encoding="utf-8")
    action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    for name in (*action["inputs"], *action["outputs"]):
        assert f"| `{name}` |" in page
