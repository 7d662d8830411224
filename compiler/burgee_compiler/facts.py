"""What git says of a flag repository: its commit, and whether the files are that commit's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from burgee.instants import MICROSECONDS, format_instant
from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic
from burgee_compiler.layout import files_read
from burgee_compiler.trees import CommitTree, Folder, Tree, UnknownRevision, open_commit

if TYPE_CHECKING:
    import pygit2

__all__ = ["CommitFacts", "WorkTree", "commit_facts", "dirty_note", "folder_facts"]


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


def folder_facts(root: Path, tree: Tree) -> CommitFacts | None:
    """Return the facts of HEAD where all files that the compiler reads are just as HEAD has them.

    None for a dirty tree, a shallow clone, a folder outside git, or one without a commit.
    """
    return WorkTree(root, tree).facts()


def dirty_note(root: Path, tree: Tree) -> Diagnostic | None:
    """Return a note on a file that differs from HEAD; None in a clean tree or without a commit."""
    return WorkTree(root, tree).dirty_note()


class WorkTree:
    """Files beside the commit that is checked out; compared with it once, when first asked."""

    def __init__(
        self, root: Path, tree: Tree, blobs: Callable[[], Mapping[str, bytes]] = dict
    ) -> None:
        """Take a tree that was read; `blobs` gives git's ids of files in it that are known."""
        self._root = root
        self._tree = tree
        self._blobs = blobs

    @property
    def has_commit(self) -> bool:
        """Whether a commit is checked out here."""
        return self._head is not None

    def facts(self) -> CommitFacts | None:
        """Return the facts of HEAD, None where these files are not just those of a commit."""
        if self._head is None or self._differing is not None:
            return None
        return commit_facts(self._head[1], self._root)

    def dirty_note(self) -> Diagnostic | None:
        """Return a note on a file that differs from HEAD, None where none does."""
        path = self._differing
        if path is None:
            return None
        return diagnostic(
            "B801",
            f"{path} is not as the last commit has it, so this build can be tried, not published",
            Where(path),
            help="commit the change and build again, or build the commit with --rev HEAD",
        )

    @cached_property
    def _head(self) -> tuple[CommitTree, pygit2.Commit] | None:
        here = self._root.resolve()
        if not any((each / name).exists() for each in (here, *here.parents) for name in _SIGNS):
            return None  # known without the library, which takes 30 ms to import
        try:
            return open_commit(self._root, "HEAD")
        except UnknownRevision:
            return None

    @cached_property
    def _differing(self) -> str | None:
        """The first file that is read here or was at HEAD, and is not the same."""
        if self._head is None:
            return None
        tree, (head, _) = self._tree, self._head
        here = files_read(tree.listed() if isinstance(tree, Folder) else tree.entries())
        there = files_read(head.entries(sized=False))
        ours, theirs = self._blobs(), head.stamps()
        for path in sorted(here | there):
            if path not in here or path not in there:
                return path
            if path in ours and ours[path] == theirs[path]:
                continue
            try:
                if _text(tree.read(path)) != _text(head.read(path)):
                    return path
            except OSError:
                return path
        return None


_SIGNS: Final = (".git", "HEAD")
"""What stands in a work tree's folder, or in a bare repository."""


def _text(data: bytes) -> bytes:
    """Return a file's bytes as git keeps text: a checkout may have changed the ends of lines.

    YAML and member lists read the two alike.
    """
    return data.replace(b"\r\n", b"\n")
