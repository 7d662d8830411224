"""Promise: a pull request has one comment with its plan; a forge that says no fails no job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Ran, run_burgee
from support.forge import Forge

PLAN = "<!-- burgee-plan -->\n### Plan: 1 flag\n"
NONE = dict.fromkeys(
    ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_TOKEN", "GITLAB_TOKEN", "GITHUB_STEP_SUMMARY"), ""
)


def on_github(hub: Forge, folder: Path, **variables: str) -> dict[str, str]:
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}), encoding="utf-8")
    return {
        **NONE,
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": hub.address,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "acme/flags",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_TOKEN": "secret",
        **variables,
    }


def comment(folder: Path, env: dict[str, str], plan: str = PLAN, *options: str) -> Ran:
    return run_burgee("comment", *options, cwd=folder, stdin=plan, env=env)


def test_a_comment_is_made_and_then_replaced(hub: Forge, tmp_path: Path) -> None:
    hub.add("a word of somebody", by="ann", kind="User")
    env = on_github(hub, tmp_path)
    assert comment(tmp_path, env).returncode == 0
    done = comment(tmp_path, env, PLAN.replace("1 flag", "2 flags"))
    assert (done.returncode, done.stdout) == (0, "the comment with the plan was replaced\n")
    assert hub.changes == [
        "POST /repos/acme/flags/issues/7/comments",
        "PATCH /repos/acme/flags/issues/comments/101",
    ]
    assert [each["body"] for each in hub.comments] == [
        "a word of somebody",
        PLAN.replace("1 flag", "2 flags"),
    ]
    assert hub.tokens == {"Bearer secret"}


def test_it_is_found_among_many(hub: Forge, tmp_path: Path) -> None:
    for number in range(230):
        hub.add(f"word {number}", by="ann", kind="User")
    hub.add(PLAN)
    assert comment(tmp_path, on_github(hub, tmp_path)).returncode == 0
    assert hub.changes == ["PATCH /repos/acme/flags/issues/comments/330"]


def test_who_else_writes_the_marker_is_not_taken_for_us(hub: Forge, tmp_path: Path) -> None:
    hub.add(PLAN, by="eve", kind="User")
    assert comment(tmp_path, on_github(hub, tmp_path)).returncode == 0
    hub.us = "deploy"
    assert comment(tmp_path, on_github(hub, tmp_path)).returncode == 0
    assert len(hub.changes) == 2
    assert all(each.startswith("POST") for each in hub.changes)


def test_several_plans_have_a_comment_each(hub: Forge, tmp_path: Path) -> None:
    env = on_github(hub, tmp_path)
    for key in ("shop", "admin", "shop"):
        assert comment(tmp_path, env, PLAN, "--key", key).returncode == 0
    assert comment(tmp_path, env).returncode == 0
    assert [each["body"].splitlines()[0] for each in hub.comments] == [
        "<!-- burgee-plan shop -->",
        "<!-- burgee-plan admin -->",
        "<!-- burgee-plan -->",
    ]


@pytest.mark.parametrize(
    ("status", "level"), [(401, "notice"), (403, "notice"), (404, "notice"), (500, "warning")]
)
def test_a_no_puts_the_plan_into_the_summary(
    hub: Forge, tmp_path: Path, status: int, level: str
) -> None:
    """As in a pull request from a fork, whose token may only read."""
    hub.answer = status
    (tmp_path / "summary.md").write_text("before\n", encoding="utf-8")
    done = comment(tmp_path, on_github(hub, tmp_path))
    assert done.returncode == 0, done.shown
    assert done.stdout.startswith(f"::{level} title=burgee comment::no comment was made: ")
    assert str(status) in done.stdout
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == "before\n" + PLAN


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"GITHUB_EVENT_PATH": "/nowhere"}, "for no pull request"),
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_API_URL": "http://127.0.0.1:1"}, "failed"),
        ({"GITHUB_API_URL": "file:///etc"}, "no address of an API"),
    ],
)
def test_without_a_way_to_comment(
    hub: Forge, tmp_path: Path, variables: dict[str, str], why: str
) -> None:
    done = comment(tmp_path, on_github(hub, tmp_path, **variables))
    assert done.returncode == 0, done.shown
    assert why in done.stdout
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == PLAN


def test_the_token_follows_no_redirect(hub: Forge, tmp_path: Path) -> None:
    hub.answer = 302
    done = comment(tmp_path, on_github(hub, tmp_path))
    assert "was answered with 302" in done.stdout, done.shown
    assert hub.calls == ["GET /user"]


def test_a_note_on_a_merge_request(hub: Forge, tmp_path: Path) -> None:
    env = {
        **NONE,
        "GITLAB_CI": "true",
        "CI_API_V4_URL": hub.address,
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "3",
        "GITLAB_TOKEN": "secret",
    }
    hub.us = "project_5_bot"
    for plan in (PLAN, PLAN + "more\n"):
        assert comment(tmp_path, env, plan).returncode == 0
    assert hub.changes == [
        "POST /projects/5/merge_requests/3/notes",
        "PUT /projects/5/merge_requests/3/notes/100",
    ]
    assert hub.tokens == {"secret"}
    done = comment(tmp_path, {**env, "GITLAB_TOKEN": ""})
    assert done.returncode == 0
    assert done.stdout == PLAN + "\nno comment was made: GITLAB_TOKEN is not set\n"


@pytest.mark.parametrize(
    ("env", "plan", "options", "said"),
    [
        (NONE, PLAN, (), "no job of GitHub Actions or GitLab CI"),
        (NONE, " \n", (), "there is no plan to tell"),
        (NONE, PLAN, ("--key", "a --> b"), "no name of a comment"),
        (NONE, PLAN, ("nowhere.md",), "nowhere.md"),
    ],
)
def test_wrong_usage(
    tmp_path: Path, env: dict[str, str], plan: str, options: tuple[str, ...], said: str
) -> None:
    done = comment(tmp_path, env, plan, *options)
    assert (done.returncode, said in done.stderr) == (2, True), done.shown
