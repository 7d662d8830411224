"""Where a repository's files come from: a folder on disk, or a commit, read without a work tree."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Literal, Protocol, runtime_checkable

from msgspec import Struct

if TYPE_CHECKING:
    import pygit2

__all__ = [
    "Cached",
    "CommitTree",
    "Entry",
    "Folder",
    "MissingFolder",
    "NoFiles",
    "Stamped",
    "Tree",
    "UnknownRevision",
    "folder_inside",
    "inside_git",
    "is_shallow",
    "open_commit",
    "stamp",
    "stamped_at",
]

Kind = Literal["file", "symlink", "folder", "closed", "other"]
"""`closed` is a folder that may not be looked into, `other` what is no file (a pipe, a device)."""


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


@runtime_checkable
class Stamped(Protocol):
    """A tree that can tell, without reading a file, whether it may have been changed."""

    def stamps(self) -> Mapping[str, bytes]:
        """Return what was seen of each file when the entries were last listed."""


class UnknownRevision(ValueError):
    """A revision that names no commit, or a commit that holds no such folder."""


class MissingFolder(UnknownRevision):
    """A commit that is there, and does not hold the folder."""


_KEPT: Final = 1 << 20
_STAMP: Final = struct.Struct("<QQQQQ")


class Folder:
    """A flag repository as it lies on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = f"{root}{os.sep}"
        self._stamps: dict[str, bytes] = {}
        self._listed: list[Entry] | None = None

    def listed(self) -> list[Entry]:
        """Return the entries as they were last listed."""
        return self.entries() if self._listed is None else self._listed

    def entries(self) -> list[Entry]:
        self._stamps = {}
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
        self._listed = sorted(found)
        return self._listed

    def stamps(self) -> Mapping[str, bytes]:
        return self._stamps

    def _inside(self, prefix: str) -> list[Entry] | None:
        try:
            with os.scandir(self.root / prefix) as scan:
                return [self._entry(each, prefix) for each in scan if each.name[0] != "."]
        except OSError:
            return None

    def _entry(self, entry: os.DirEntry[str], prefix: str) -> Entry:
        kind, path = _kind_of(entry), prefix + entry.name
        if kind != "file":
            return Entry(path, kind)
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:  # gone since it was listed; reading it will tell
            return Entry(path, kind)
        self._stamps[path] = stamp(found)
        return Entry(path, kind, found.st_size)

    def read(self, path: str) -> bytes:
        file = f"{self._prefix}{path}"  # plain calls: there may be ten thousand files
        if os.path.islink(file):  # noqa: PTH114  what it leads to may be no part of the repository
            raise OSError(errno.ELOOP, "a symbolic link", path)
        with open(file, "rb", buffering=0) as opened:  # noqa: PTH123
            return opened.read()


def stamp(found: os.stat_result) -> bytes:
    """Return what says that a file is still the one that was looked at: times first."""
    return _STAMP.pack(
        max(found.st_mtime_ns, 0), found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev
    )


def stamped_at(mark: bytes) -> int | None:
    """Return when a stamped file was last changed, in ns since 1970; None for a commit's."""
    if len(mark) != _STAMP.size:
        return None
    times: tuple[int, ...] = _STAMP.unpack(mark)[:2]
    return max(times)


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
        self._stamps: dict[str, bytes] = {}

    def stamps(self) -> Mapping[str, bytes]:
        return self._stamps

    def entries(self, *, sized: bool = True) -> list[Entry]:
        """Return all below the root; sizes, which mean opening each file, only if wanted."""
        import pygit2  # noqa: PLC0415  takes 30 ms, and most commands read a folder

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
                    kind: Kind = "symlink" if symlink else "file"
                    found.append(Entry(path, kind, each.size if sized else 0))
                    self._stamps[path] = each.id.raw
        return sorted(found)

    def read(self, path: str) -> bytes:
        import pygit2  # noqa: PLC0415

        known = self._stamps.get(path)
        try:  # to look a path up anew takes as long as its folder is large
            blob = self._tree[path] if known is None else self._repository[pygit2.Oid(raw=known)]
        except KeyError as error:
            raise FileNotFoundError(path) from error
        if not isinstance(blob, pygit2.Blob):
            raise IsADirectoryError(path)
        return bytes(blob.data)

    def deltas(self, other: CommitTree) -> list[pygit2.DiffDelta]:
        """Return the files in which another tree differs from this one, as git tells them."""
        if self._tree.id == other._tree.id:
            return []
        return list(self._tree.diff_to_tree(other._tree, context_lines=0).deltas)

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
    import pygit2  # noqa: PLC0415

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
    inside = folder_inside(repository, root)
    if inside:
        try:
            tree = tree[inside].peel(pygit2.Tree)
        except (KeyError, pygit2.GitError, ValueError) as error:
            raise MissingFolder(f"commit {str(commit.id)[:7]} has no folder {inside}") from error
    return CommitTree(repository, tree), commit


def is_shallow(root: Path) -> bool:
    """Return whether the git repository of a folder holds a part of its history only."""
    import pygit2  # noqa: PLC0415

    found = pygit2.discover_repository(str(root))
    return found is not None and pygit2.Repository(found).is_shallow


def folder_inside(repository: pygit2.Repository, root: Path) -> str:
    """Return `root` relative to the work tree, empty where it is the whole repository."""
    if repository.is_bare:
        return ""
    relative = root.resolve().relative_to(Path(repository.workdir).resolve())
    return "" if relative == Path() else PurePosixPath(relative).as_posix()


def inside_git(root: Path) -> str:
    """Return `root` relative to the work tree it lies in; empty where it is the top, or in none."""
    import pygit2  # noqa: PLC0415

    found = pygit2.discover_repository(str(root))
    if found is None:
        return ""
    try:
        return folder_inside(pygit2.Repository(found), root)
    except (pygit2.GitError, ValueError):  # another user's, or not below its own work tree
        return ""
