"""`burgee plan`: what a change does to users, before it is merged."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import msgspec

from burgee_cli.opened import INSTANT, Opened, open_repository
from burgee_cli.outcome import FINDING, Usage
from burgee_cli.plan_markdown import render_markdown
from burgee_cli.plan_text import render_plan
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.place import Located, place
from burgee_compiler.plan.compare import Revision, plan
from burgee_compiler.plan.contexts import BadContexts, read_contexts, with_contexts
from burgee_compiler.plan.report import CLASSES, Plan
from burgee_compiler.revisions import changed_files, commit_of, first_parent, merge_base
from burgee_compiler.trees import UnknownRevision

__all__ = ["command"]

_FORMATS = ("text", "markdown", "json")


@click.command("plan")
@click.argument("repo", required=False, type=click.Path(path_type=Path))
@click.option(
    "--base",
    metavar="REV",
    help="What to compare with: where it and the head parted. Default: HEAD, or with --head its "
    "first parent.",
)
@click.option("--head", metavar="REV", help="The change; default: the files as they lie here.")
@click.option(
    "--at",
    type=INSTANT,
    help="The clock; default: now, or with --head the time of its commit.",
)
@click.option(
    "--contexts",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Real contexts, a JSON object a line: how many of them get something else.",
)
@click.option(
    "--fail-on",
    type=click.Choice(CLASSES[1:]),
    help="Exit 1 where the plan is of this class or a higher one.",
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(
    repo: Path | None,
    base: str | None,
    head: str | None,
    at: int | None,
    contexts: Path | None,
    fail_on: str | None,
    form: str,
    as_json: bool,
) -> int:
    """Show what a change does to users: whom it moves, exactly, and what is risky.

    Nothing is sampled: shares come from the bucket tables. What depends on who your users are is
    shown for each group of them, by the rules that they match.

    \b
    Example:  burgee plan --base main
              burgee plan --base main --format markdown > comment.md
              burgee plan --head HEAD --fail-on medium
              burgee plan --base main --contexts users.jsonl --at 2026-12-24T00:00:00Z
    """
    made, opened = _made(repo, base, head, at, contexts)
    risks = [*made.risks, *(risk for flag in made.flags for risk in flag.risks)]
    located = {each.diagnostic: each for each in place([*risks, *made.found], opened.read)}
    if as_json or form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(_placed(made, located))))
    elif form == "markdown":
        click.echo(render_markdown(made, located), nl=False)
    else:
        click.echo(render_plan(made, located))
    too_high = fail_on is not None and CLASSES.index(made.class_) >= CLASSES.index(fail_on)
    return FINDING if too_high or made.found else 0


def _made(
    repo: Path | None, base: str | None, head: str | None, at: int | None, contexts: Path | None
) -> tuple[Plan, Opened]:
    after = open_repository(repo, head)
    root = after.root
    try:
        if base is not None:
            parted = merge_base(root, base, head or "HEAD")
        else:
            parted = commit_of(root, "HEAD") if head is None else first_parent(root, head)
        if at is None:
            at = (
                int(time.time()) * 1_000_000
                if head is None
                else commit_of(root, head).commit_time * 1_000_000
            )
    except UnknownRevision as error:
        raise Usage(str(error), "name a commit, branch or tag with --base REV") from error
    before = open_repository(root, str(parted.id))
    one = Revision(_name(base, str(parted.id)), before.repository)
    other = Revision("the files here" if head is None else _name(head, head), after.repository)
    made = plan(one, other, at, changed_files(before.tree, after.tree), ())
    if contexts is not None:
        made = with_contexts(made, one, other, at, _contexts(contexts))
    return made, after


def _name(revision: str | None, commit: str) -> str:
    short = commit[:7] if len(commit) == 40 else commit
    return short if revision in (None, commit) else f"{revision} ({short})"


def _contexts(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            return read_contexts(file)
    except BadContexts as error:
        raise Usage(f"{path}: {error}", "write one JSON object a line: a user's context") from error
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror or error}") from error


def _placed(made: Plan, located: dict[Diagnostic, Located]) -> Plan:
    """Return the plan with lines and columns in its findings."""

    def placed(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        return tuple(_with_line(each, located[each]) for each in found)

    flags = tuple(msgspec.structs.replace(flag, risks=placed(flag.risks)) for flag in made.flags)
    return msgspec.structs.replace(
        made, flags=flags, risks=placed(made.risks), found=placed(made.found)
    )


def _with_line(found: Diagnostic, located: Located) -> Diagnostic:
    span = located.spot.span
    if span is None:
        return found
    where = msgspec.structs.replace(found.where, line=span.line, column=span.column)
    return msgspec.structs.replace(found, where=where)
