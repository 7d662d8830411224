"""Which pull request a job of continuous integration is for, by the variables it runs with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from burgee_cli.forges.thread import Thread

__all__ = ["Job", "find_job"]


class Job(Struct, frozen=True):
    """A job of continuous integration."""

    system: Literal["github", "gitlab"]
    thread: Thread | None
    """Where to comment; None where it is for no pull request, or has no token."""
    why: str = ""
    """Why there is nowhere to comment."""
    summary: Path | None = None
    """The file that is shown as the job's summary."""


def find_job(variables: Mapping[str, str]) -> Job | None:
    """Return the job that runs with these variables, None outside the systems that are known.

    Gitea and Forgejo set what GitHub sets, and have the same paths below another root.
    """
    if variables.get("GITHUB_ACTIONS") == "true":
        return _github(variables)
    return _gitlab(variables) if variables.get("GITLAB_CI") else None


def _github(variables: Mapping[str, str]) -> Job:
    file = variables.get("GITHUB_STEP_SUMMARY")
    summary = Path(file) if file else None
    number, token = _number(variables.get("GITHUB_EVENT_PATH")), variables.get("GITHUB_TOKEN")
    if number is None:
        return Job("github", None, "this job is for no pull request", summary)
    if not token:
        return Job("github", None, "GITHUB_TOKEN is not set", summary)
    issues = f"/repos/{variables.get('GITHUB_REPOSITORY', '')}/issues"
    thread = Thread(
        api=(variables.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/"),
        comments=f"{issues}/{number}/comments",
        comment=f"{issues}/comments",
        headers=(
            ("Authorization", f"Bearer {token}"),
            ("Accept", "application/vnd.github+json"),
            ("X-GitHub-Api-Version", "2022-11-28"),
        ),
        change="PATCH",
        author="user",
        name="login",
    )
    return Job("github", thread, "", summary)


def _number(path: str | None) -> int | None:
    """Return the number of the pull request that the event is about."""
    try:
        event: Any = msgspec.json.decode(Path(path or "").read_bytes())
        return int(event["pull_request"]["number"])
    except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError):
        return None


def _gitlab(variables: Mapping[str, str]) -> Job:
    number, token = variables.get("CI_MERGE_REQUEST_IID"), variables.get("GITLAB_TOKEN")
    if not number:
        return Job("gitlab", None, "this job is for no merge request")
    if not token:
        return Job("gitlab", None, "GITLAB_TOKEN is not set")
    project = variables.get("CI_MERGE_REQUEST_PROJECT_ID") or variables.get("CI_PROJECT_ID", "")
    notes = f"/projects/{project}/merge_requests/{number}/notes"
    thread = Thread(
        api=variables.get("CI_API_V4_URL", "").rstrip("/"),
        comments=notes,
        comment=notes,
        headers=(("PRIVATE-TOKEN", token),),
        change="PUT",
        author="author",
        name="username",
    )
    return Job("gitlab", thread)
