"""`burgee plan`: what a change does to users, before it is merged."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import msgspec
import pygit2
from msgspec import Struct

from burgee_cli.findings import wants_colour
from burgee_cli.opened import INSTANT, open_files
from burgee_cli.outcome import FINDING, Usage, counted
from burgee_cli.plan_markdown import render_markdown
from burgee_cli.plan_text import render_plan
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.place import Located, place
from burgee_compiler.load import ROOT_FILE, load_repository
from burgee_compiler.plan.compare import Revision, plan
from burgee_compiler.plan.contexts import BadContexts, read_contexts, with_contexts
from burgee_compiler.plan.policy import judge_plan
from burgee_compiler.plan.report import CLASSES, Plan
from burgee_compiler.plan.reviewed import classes_against
from burgee_compiler.plan.scope import Pruned, relevant
from burgee_compiler.repository import Repository
from burgee_compiler.revisions import changed_files, commit_of, first_parent, merge_base
from burgee_compiler.signed_commits import (
    CannotVerify,
    has_ssh_signature,
    last_not_signed_by,
    public_key,
)
from burgee_compiler.trees import Cached, NoFiles, Tree, UnknownRevision, open_commit

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
    help="Exit 1 where the plan is of this class or a higher one; default: fail_on of burgee.yaml.",
)
@click.option(
    "--writer-key",
    metavar="PUB",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The writer's SSH public key: commits that it signed before the base are looked through "
    "for the class.",
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(  # noqa: PLR0913  (an argument for each option)
    *,
    repo: Path | None,
    base: str | None,
    head: str | None,
    at: int | None,
    contexts: Path | None,
    fail_on: str | None,
    writer_key: Path | None,
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
    sides = _sides(repo, base, head, at)
    made = _made(sides, contexts, writer_key)
    risks = [*made.risks, *(risk for flag in made.flags for risk in flag.risks)]
    located = {each.diagnostic: each for each in place([*risks, *made.found], sides.read)}
    if as_json or form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(_placed(made, located))))
    elif form == "markdown":
        click.echo(render_markdown(made, located), nl=False)
    else:
        click.echo(render_plan(made, located, colour=wants_colour()))
    limit = fail_on or sides.base.settings.fail_on
    too_high = limit is not None and CLASSES.index(made.class_) >= CLASSES.index(limit)
    return FINDING if too_high or made.found else 0


class _Sides(Struct, frozen=True):
    """What is compared, and when."""

    root: Path
    tree: Tree
    base: Revision
    head: Revision
    changed: list[str]
    parted: str
    at: int
    notes: tuple[str, ...]

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes at head for a finding, None where it has none."""
        try:
            return self.tree.read(path)
        except OSError:
            return None


def _sides(repo: Path | None, base: str | None, head: str | None, at: int | None) -> _Sides:
    root, files = open_files(repo, head)
    parted, at = _parted(root, base, head, at)
    commit = str(parted.id)
    before, after = _files_at(root, commit), Cached(files)
    changed = changed_files(before, after)
    scope = relevant(before, after, changed)
    name = "the files here" if head is None else _name(head, head)
    notes = () if before.entries() else (f"there was no flag repository at {commit[:7]}",)
    return _Sides(
        root=root,
        tree=after,
        base=Revision(_name(base, commit), _loaded(before, scope)),
        head=Revision(name, _loaded(after, scope)),
        changed=changed,
        parted=commit,
        at=at,
        notes=notes,
    )


def _parted(
    root: Path, base: str | None, head: str | None, at: int | None
) -> tuple[pygit2.Commit, int]:
    """Return the commit to compare with, and the clock."""
    try:
        if base is not None:
            parted = merge_base(root, base, head or "HEAD")
        else:
            parted = commit_of(root, "HEAD") if head is None else first_parent(root, head)
        if at is None:
            here = head is None
            at = int(time.time()) if here else commit_of(root, head or "HEAD").commit_time
            at *= 1_000_000
    except UnknownRevision as error:
        raise Usage(str(error), "name a commit, branch or tag with --base REV") from error
    return parted, at


def _files_at(root: Path, commit: str) -> Cached:
    """Return a commit's flag repository; one without files where it has none yet."""
    try:
        tree: Tree = open_commit(root, commit)[0]
    except UnknownRevision:  # the commit is known, so that it is the folder that is not there
        tree = NoFiles()
    if not any(each.path == ROOT_FILE for each in tree.entries()):
        tree = NoFiles()
    return Cached(tree)


def _loaded(tree: Tree, scope: set[str] | None) -> Repository:
    return load_repository(tree if scope is None else Pruned(tree, scope))


def _made(sides: _Sides, contexts: Path | None, writer_key: Path | None) -> Plan:
    base, head, at = sides.base, sides.head, sides.at
    notes = [*sides.notes]
    reviewed = _reviewed(sides, writer_key, notes)
    made = plan(base, head, at, sides.changed, notes)
    if reviewed is not None:
        made = classes_against(made, *reviewed, at)
    burgee = base.repository.burgee
    if burgee is not None:
        made = judge_plan(made, burgee.policy, head.environments or base.environments)
    if contexts is not None:
        made = with_contexts(made, base, head, at, _contexts(contexts))
    return made


def _reviewed(
    sides: _Sides, writer_key: Path | None, notes: list[str]
) -> tuple[Revision, Revision] | None:
    """Return the form that was last reviewed and the head, where that is not the base; say so."""
    root = sides.root
    if writer_key is None:
        if has_ssh_signature(commit_of(root, sides.parted)):
            notes.append(
                "no commits of a writer were looked through: classes compare with the base "
                "(--writer-key PUB names its key)"
            )
        return None
    try:
        commit, passed = last_not_signed_by(public_key(writer_key), root, sides.parted)
    except CannotVerify as error:
        raise Usage(str(error), "name the writer's key in OpenSSH's form, one line") from error
    if not passed:
        return None
    name = str(commit.id)[:7]
    notes.append(
        f"{counted(passed, 'commit')} of the writer looked through: classes compare with {name}"
    )
    tree = _files_at(root, str(commit.id))
    scope = relevant(tree, sides.tree, {*changed_files(tree, sides.tree), *sides.changed})
    return (
        Revision(name, _loaded(tree, scope)),
        Revision(sides.head.name, _loaded(sides.tree, scope)),
    )


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
