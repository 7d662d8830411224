"""`burgee rollback`: back to an earlier commit, or without what one did."""

from __future__ import annotations

import click

from burgee_cli.editing import Editing, edits_files
from burgee_cli.outcome import Usage
from burgee_compiler.trees import (
    CommitTree,
    MissingFolder,
    UnknownRevision,
    is_shallow,
    open_commit,
)
from burgee_compiler.writes.rollback import Wanted, return_to, revert

__all__ = ["command"]


@click.command("rollback")
@click.argument("revision", required=False, metavar="REV")
@click.option("--to", "target", metavar="REV", help="Return to this commit, whatever came after.")
@click.option("--flag", metavar="KEY", help="Only this flag, with its lock.")
@edits_files
def command(
    editing: Editing,
    revision: str | None,
    target: str | None,
    flag: str | None,
) -> int:
    """Take back what the commit REV did, or with --to return to a commit.

    Locks go back with their flags, so users are where they were. Files of the work tree are
    changed and nothing is committed. Where later changes touch the same lines, nothing is changed
    at all. --tenant and --flag narrow it.

    \b
    Example:  burgee rollback HEAD
              burgee rollback --to v1.4 --tenant acme --flag checkout.one-page
    """
    if (revision is None) == (target is None):
        raise Usage("name one REV, or --to REV", "write: burgee rollback HEAD")
    wanted = Wanted(
        editing.files.name if flag is not None or editing.tenant is not None else None, flag
    )
    now = editing.opened.tree
    if target is not None:
        return_to(editing.writing, now, _tree(editing, target), _tree(editing, "HEAD"), wanted)
    else:
        tree = _tree(editing, str(revision))
        revert(editing.writing, now, tree, _parent(editing, str(revision)), wanted)
    return editing.finish(keep_locks=True)


def _tree(editing: Editing, revision: str) -> CommitTree:
    try:
        return open_commit(editing.opened.root, revision)[0]
    except UnknownRevision as error:
        raise Usage(str(error), "name a commit, branch or tag of that repository") from error


def _parent(editing: Editing, revision: str) -> CommitTree | None:
    """Return what a commit was made on, None where it was the first or the folder was not there."""
    root = editing.opened.root
    parents = open_commit(root, revision)[1].parent_ids
    if not parents and is_shallow(root):
        raise Usage(
            f"the commit before {revision} is not in this clone", "run `git fetch --unshallow`"
        )
    try:
        return open_commit(root, str(parents[0]))[0] if parents else None
    except MissingFolder:
        return None
