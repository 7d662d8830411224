"""What git says of a flag repository: its commit, and whether the files are that commit's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from burgee.instants import MICROSECONDS, format_instant
from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic
from burgee_compiler.layout import files_read
from burgee_compiler.trees import CommitTree, Tree, UnknownRevision, open_commit

if TYPE_CHECKING:
    import pygit2

__all__ = ["CommitFacts", "commit_facts", "dirty_note", "folder_facts"]


class CommitFacts(Struct, frozen=True):
    """What a manifest says of a commit; `sequence` counts the commits reachable from it."""

    commit: str
    committed_at: str
    sequence: int


def commit_facts(commit: pygit2.Commit, root: Path) -> CommitFacts | None:
    """Return the facts of a commit; None in a shallow clone, which cannot count its commits."""
    import pygit2  # noqa: PLC0415  takes 30 ms

    repository = pygit2.Repository(pygit2.discover_repository(str(root)) or str(root))
    if repository.is_shallow:
        return None
    walker = repository.walk(commit.id)
    time = format_instant(commit.commit_time * MICROSECONDS)
    return CommitFacts(str(commit.id), time, sum(1 for _ in walker))


def folder_facts(
    root: Path, tree: Tree, blobs: Mapping[str, bytes] | None = None
) -> CommitFacts | None:
    """Return the facts of HEAD where all files that the compiler reads are just as HEAD has them.

    None for a dirty tree, a shallow clone, a folder outside git, or one without a commit. `blobs`
    are ids that git gives to files here, as far as they are known; those need not be read.
    """
    if not _may_be_in_git(root):
        return None
    try:
        head, commit = open_commit(root, "HEAD")
    except UnknownRevision:
        return None
    return None if _differing(tree, head, blobs or {}) else commit_facts(commit, root)


def _may_be_in_git(root: Path) -> bool:
    """Return whether it is worth to ask: False only where a repository cannot be."""
    here = root.resolve()
    return any((each / name).exists() for each in (here, *here.parents) for name in _SIGNS)


_SIGNS = (".git", "HEAD")


def dirty_note(
    root: Path, tree: Tree, blobs: Mapping[str, bytes] | None = None
) -> Diagnostic | None:
    """Return a note on a file that differs from HEAD; None in a clean tree or without a commit."""
    if not _may_be_in_git(root):
        return None
    try:
        head, _ = open_commit(root, "HEAD")
    except UnknownRevision:
        return None
    path = _differing(tree, head, blobs or {})
    if path is None:
        return None
    return diagnostic(
        "B801",
        f"{path} is not as the last commit has it, so this build can be tried, not published",
        Where(path),
        help="commit the change and build again, or build the commit with --rev HEAD",
    )


def _differing(tree: Tree, head: CommitTree, blobs: Mapping[str, bytes]) -> str | None:
    """Return the first file that is read here or was at HEAD, and is not the same."""
    here, there = files_read(tree.entries()), files_read(head.entries(sized=False))
    theirs = head.stamps()
    for path in sorted(here | there):
        if path not in here or path not in there:
            return path
        if path in blobs and blobs[path] == theirs[path]:
            continue
        try:
            if _text(tree.read(path)) != _text(head.read(path)):
                return path
        except OSError:
            return path
    return None


def _text(data: bytes) -> bytes:
    """Return a file's bytes as git keeps text: a checkout may have changed the ends of lines.

    YAML and member lists read the two alike.
    """
    return data.replace(b"\r\n", b"\n")
