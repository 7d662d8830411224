"""What git says of a flag repository: its commit, and whether the files are that commit's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pygit2
from msgspec import Struct

from burgee_compiler.trees import CommitTree, Tree, UnknownRevision, open_commit

__all__ = ["CommitFacts", "commit_facts", "folder_facts"]


class CommitFacts(Struct, frozen=True):
    """What a manifest says of a commit; `sequence` counts the commits reachable from it."""

    commit: str
    committed_at: str
    sequence: int


def commit_facts(commit: pygit2.Commit, root: Path) -> CommitFacts | None:
    """Return the facts of a commit; None in a shallow clone, which cannot count its commits."""
    repository = pygit2.Repository(pygit2.discover_repository(str(root)) or str(root))
    if repository.is_shallow:
        return None
    walker = repository.walk(commit.id)
    time = datetime.fromtimestamp(commit.commit_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return CommitFacts(str(commit.id), time, sum(1 for _ in walker))


def folder_facts(root: Path, tree: Tree, files: Iterable[str]) -> CommitFacts | None:
    """Return the facts of HEAD where `files`, all that were read, are just as HEAD has them.

    None for a dirty tree, a shallow clone, a folder outside git, or one without a commit.
    """
    try:
        head, commit = open_commit(root, "HEAD")
    except UnknownRevision:
        return None
    read = set(files)
    if _differs(tree, head, read):
        return None
    return commit_facts(commit, root)


def _differs(tree: Tree, head: CommitTree, read: set[str]) -> bool:
    for path in read:
        try:
            if head.read(path) != tree.read(path):
                return True
        except OSError:
            return True
    tops = {path.split("/", 1)[0] for path in read if "/" in path}
    here = {entry.path for entry in tree.entries()}
    return any(
        entry.path not in here
        for entry in head.entries()
        if entry.kind == "file"
        and entry.path.endswith((".yaml", ".csv", ".txt"))
        and (entry.path == "burgee.yaml" or entry.path.split("/", 1)[0] in tops)
    )
