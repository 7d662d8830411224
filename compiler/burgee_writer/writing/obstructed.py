"""A write to a file whose place something else has: a folder, a link, a submodule."""

from __future__ import annotations

import pygit2

from burgee_compiler.writes import Changes
from burgee_writer.git.branch import Branch
from burgee_writer.git.objects import Obstructed, check_room
from burgee_writer.writing.refusals import WriteRefused

__all__ = ["require_room"]


def require_room(branch: Branch, commit: str, changes: Changes) -> None:
    """Refuse changes of a commit that could not be committed, a dry run's as well."""
    tree = pygit2.Repository(str(branch.repository_path))[commit].peel(pygit2.Tree)
    try:
        check_room(tree, branch.inside, changes)
    except Obstructed as error:
        raise WriteRefused(
            "conflict",
            f"The change has no room in the repository: {error}",
            help="remove or rename what is there by a commit of your own",
        ) from error
