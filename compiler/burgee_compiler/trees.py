"""Where a repository's files come from: a folder on disk, or a commit, read without a work tree."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePosixPath
from typing import Final, Literal, Protocol

import pygit2
from msgspec import Struct

__all__ = [
    "Cached",
    "CommitTree",
    "Entry",
    "Folder",
    "NoFiles",
    "Tree",
    "UnknownRevision",
    "open_commit",
]

Kind = Literal["file", "symlink", "folder", "closed", "other"]
"""`closed` is a folder that may not be looked into, `other` what is no file (a pipe, a device)."""


_KEPT: Final = 1 << 20


class Entry(Struct, frozen=True, order=True):
    """One path of a tree, relative to the flag repository, with forward slashes."""

    path: str
    kind: Kind = "file"
    size: int = 0


class Tree(Protocol):
    """What the compiler reads: names first, then bytes of those it wants."""

    def entries(self) -> list[Entry]:
        """Return all below the root, sorted by path; names that begin with a dot left out."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes; OSError where it cannot be read."""


class UnknownRevision(ValueError):
    """A revision that names no commit, or a commit that holds no such folder."""


class Folder:
    """A flag repository as it lies on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def entries(self) -> list[Entry]:
        found: list[Entry] = []
        stack = [""]
        while stack:
            prefix = stack.pop()
            inside = self._inside(prefix)
            if prefix:
                kind: Kind = "folder" if inside is not None else "closed"
                found.append(Entry(prefix.removesuffix("/"), kind))
            if inside is None:
                continue
            found += (entry for entry in inside if entry.kind != "folder")
            stack += (f"{entry.path}/" for entry in inside if entry.kind == "folder")
        return sorted(found)

    def _inside(self, prefix: str) -> list[Entry] | None:
        try:
            with os.scandir(self.root / prefix) as scan:
                return [_entry(each, prefix) for each in scan if not each.name.startswith(".")]
        except OSError:
            return None

    def read(self, path: str) -> bytes:
        file = self.root / path
        if file.is_symlink():  # what it leads to may be no part of the repository
            raise OSError(errno.ELOOP, "a symbolic link", path)
        return file.read_bytes()


def _entry(entry: os.DirEntry[str], prefix: str) -> Entry:
    kind = _kind_of(entry)
    try:
        size = entry.stat(follow_symlinks=False).st_size if kind == "file" else 0
    except OSError:  # gone since it was listed; reading it will tell
        size = 0
    return Entry(prefix + entry.name, kind, size)


def _kind_of(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return "symlink"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


class Cached:
    """A tree whose files are read once, but for those that are large."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._read: dict[str, bytes] = {}
        self._entries: list[Entry] | None = None

    def entries(self) -> list[Entry]:
        if self._entries is None:
            self._entries = self._tree.entries()
        return self._entries

    def read(self, path: str) -> bytes:
        data = self._read.get(path)
        if data is None:
            data = self._tree.read(path)
            if len(data) <= _KEPT:
                self._read[path] = data
        return data

    def blob(self, path: str) -> str | None:
        """Return git's name for a file's bytes, None where it is in no commit."""
        return self._tree.blob(path) if isinstance(self._tree, CommitTree) else None


class NoFiles:
    """A flag repository that is not there."""

    def entries(self) -> list[Entry]:
        return []

    def read(self, path: str) -> bytes:
        raise FileNotFoundError(path)


class CommitTree:
    """A flag repository as a commit holds it."""

    def __init__(self, repository: pygit2.Repository, tree: pygit2.Tree) -> None:
        self._repository = repository
        self._tree = tree

    def entries(self) -> list[Entry]:
        found: list[Entry] = []
        stack: list[tuple[str, pygit2.Tree]] = [("", self._tree)]
        while stack:
            prefix, tree = stack.pop()
            for each in tree:
                if each.name is None or each.name.startswith("."):
                    continue
                path = prefix + each.name
                if isinstance(each, pygit2.Tree):
                    found.append(Entry(path, "folder"))
                    stack.append((path + "/", each))
                elif isinstance(each, pygit2.Blob):
                    symlink = each.filemode == pygit2.enums.FileMode.LINK
                    found.append(Entry(path, "symlink" if symlink else "file", each.size))
        return sorted(found)

    def read(self, path: str) -> bytes:
        try:
            blob = self._tree[path]
        except KeyError as error:
            raise FileNotFoundError(path) from error
        if not isinstance(blob, pygit2.Blob):
            raise IsADirectoryError(path)
        return bytes(blob.data)

    def blob(self, path: str) -> str | None:
        """Return git's name for a file's bytes, None where there is no such file."""
        try:
            return str(self._tree[path].id)
        except KeyError:
            return None


def open_commit(root: Path, revision: str) -> tuple[CommitTree, pygit2.Commit]:
    """Return the flag repository at `root` as it was in a revision, and its commit.

    Raises UnknownRevision where there is no git repository, commit or folder of that name.
    """
    found = pygit2.discover_repository(str(root))
    if found is None:
        raise UnknownRevision(f"{root} is in no git repository, so it has no revision {revision!r}")
    try:
        repository = pygit2.Repository(found)
    except pygit2.GitError as error:  # such as one that belongs to another user
        raise UnknownRevision(f"{found} cannot be opened: {error}") from error
    try:
        commit = repository.revparse_single(revision).peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise UnknownRevision(f"{revision!r} names no commit of {found}") from error
    tree = commit.tree
    inside = _folder_inside(repository, root)
    if inside:
        try:
            tree = tree[inside].peel(pygit2.Tree)
        except (KeyError, pygit2.GitError, ValueError) as error:
            raise UnknownRevision(f"commit {str(commit.id)[:7]} has no folder {inside}") from error
    return CommitTree(repository, tree), commit


def _folder_inside(repository: pygit2.Repository, root: Path) -> str:
    """Return `root` relative to the work tree, empty where it is the whole repository."""
    if repository.is_bare:
        return ""
    relative = root.resolve().relative_to(Path(repository.workdir).resolve())
    return "" if relative == Path() else PurePosixPath(relative).as_posix()
