"""Where a branch is checked out: in the work tree of its repository, and in linked ones."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pygit2

from burgee_writer.git.work_tree import WorkTree

__all__ = ["common_folder", "is_checked_out", "work_trees_of"]


def work_trees_of(
    repository: pygit2.Repository, reference: str, root: Path | None = None
) -> list[WorkTree]:
    """Return the work trees in which a branch is checked out.

    `root` is that of the repository's own, where it is known better than the git folder tells.
    """
    common = common_folder(repository)
    found: list[WorkTree] = []
    if not repository.is_bare:
        own = root or Path(repository.workdir if Path(repository.path) == common else common.parent)
        found.append(WorkTree(own, common))
    for folder in sorted((common / "worktrees").glob("*")):
        with suppress(OSError):
            told = (folder / "gitdir").read_text(encoding="utf-8").strip()
            found.append(WorkTree(Path(told).parent, folder))
    return [each for each in found if is_checked_out(each, reference)]


def is_checked_out(tree: WorkTree, reference: str) -> bool:
    """Return whether a work tree is there, and at a branch."""
    try:
        text = (tree.git_dir / "HEAD").read_text(encoding="utf-8").strip()
    except OSError:
        return False
    return text == f"ref: {reference}" and tree.root.is_dir()


def common_folder(repository: pygit2.Repository) -> Path:
    """Return where the branches are: a linked work tree has a git folder of its own."""
    own = Path(repository.path)
    try:
        text = (own / "commondir").read_text(encoding="utf-8").strip()
    except OSError:
        return own
    return (own / text).resolve()
