"""`burgee comment`: a plan as the comment of a pull request, made once and then replaced."""

from __future__ import annotations

import os
import re
from typing import IO

import click

from burgee_cli.forges import Job, NotPosted, find_job, post
from burgee_cli.outcome import Usage
from burgee_cli.plan_markdown import MARKER

__all__ = ["command"]


@click.command("comment")
@click.argument("file", metavar="[FILE]", type=click.File(encoding="utf-8"), default="-")
@click.option(
    "--key",
    default="",
    metavar="NAME",
    help="Tells this comment from others where a pull request gets several plans.",
)
def command(file: IO[str], key: str) -> int:
    """Put a plan (FILE, or standard input) as a comment on the pull request that CI runs for.

    A comment that an earlier run made is replaced. Knows GitHub, and what speaks like it (Gitea,
    Forgejo), by the token in GITHUB_TOKEN, and GitLab by GITLAB_TOKEN. Where it may not comment,
    as in pull requests from forks, the plan goes to the job's summary, and nothing fails.

    \b
    Example:  burgee plan --base origin/main --format markdown > plan.md
              burgee comment plan.md
    """
    if not re.fullmatch(r"[A-Za-z0-9._/-]*", key):
        raise Usage(f"{key!r} is no name of a comment", "use letters, digits, - . _ and /")
    marker = MARKER.replace(" -->", f" {key} -->") if key else MARKER
    text = file.read()
    if not text.strip():
        raise Usage("there is no plan to tell", "write it with `burgee plan --format markdown`")
    text = f"{marker}\n{text.removeprefix(MARKER).lstrip()}"
    job = find_job(os.environ)
    if job is None:
        raise Usage(
            "this is no job of GitHub Actions or GitLab CI",
            "elsewhere hand the Markdown of `burgee plan` to your forge's API",
        )
    if job.thread is None:
        return _instead(job, text, job.why, denied=True)
    try:
        done = post(job.thread, marker, text)
    except NotPosted as error:
        return _instead(job, text, str(error), denied=error.denied)
    click.echo(f"the comment with the plan was {done}")
    return 0


def _instead(job: Job, text: str, why: str, *, denied: bool) -> int:
    """Show the plan where nobody has to be asked, since a plan is no reason to fail."""
    level = "notice" if denied else "warning"
    told = f"no comment was made: {why}"
    if job.summary is None:
        click.echo(text)
    else:
        with job.summary.open("a", encoding="utf-8") as summary:
            summary.write(text.rstrip("\n") + "\n")
        told += "; the plan is in the summary of this job"
    if job.system == "github":
        data = told.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        click.echo(f"::{level} title=burgee comment::{data}")
    else:
        click.echo(told)
    return 0
