"""A key, a branch and drafts for tests of what the writer does with git."""

from __future__ import annotations

from pathlib import Path

from burgee_writer.git.branch import Author, Branch, Done, Draft, Published
from burgee_writer.git.opening import open_branch
from burgee_writer.keys import own_key

__all__ = ["ANN", "WRITER", "branch_of", "draft", "must_write", "written"]

WRITER = Author("Burgee writer", "writer@burgee.example")
ANN = Author("Ann", "ann@example.com")


def branch_of(
    source: str | Path,
    state: Path,
    *,
    branch: str | None = "main",
    folder: str | None = None,
    token: str | None = None,
    timeout: float = 20.0,
) -> Branch:
    """Open a branch with a state folder of its own."""
    return open_branch(
        str(source),
        branch=branch,
        folder=folder,
        state_dir=state,
        key=own_key(state),
        committer=WRITER,
        token=token,
        timeout=timeout,
    )


def draft(changes: dict[str, bytes | None], message: str = "change") -> Draft:
    """Return a draft of Ann's."""
    return Draft(changes=changes, message=message, author=ANN)


def written(branch: Branch, changes: dict[str, bytes | None]) -> Published:
    """Commit on the tip and publish."""
    parent = branch.tip()
    return branch.publish(parent, branch.commit(parent, draft(changes)))


def must_write(branch: Branch, changes: dict[str, bytes | None]) -> str:
    """Commit and publish, again where others were faster; return the commit."""
    while True:
        found = written(branch, changes)
        if isinstance(found, Done):
            return found.commit
        branch.refresh()
