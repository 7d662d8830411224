"""Work trees in which the branch is checked out: index and files of what is written follow.

Before anything moves, an intent is put into the state folder. Whoever finds one that was left,
after a kill, finishes what its reference says has happened, or takes note that nothing has.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pygit2
from msgspec import Struct

from burgee.whole_files import put_whole
from burgee_writer.git.lock_files import LockFiles

__all__ = ["Dirty", "IndexLocked", "WorkTree", "work_trees_of"]

_PATIENCE: Final = 5.0
_PAUSE: Final = 0.02


class Dirty(Exception):
    """A file that a write would overwrite, though it is not as the commit has it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class IndexLocked(Exception):
    """Somebody else holds the index for longer than is waited."""


class WorkTree(Struct, frozen=True):
    """A work tree, and the folder of git in which its index lies."""

    root: Path
    git_dir: Path

    @property
    def index_lock(self) -> Path:
        """What git makes while it changes the index."""
        return self.git_dir / "index.lock"

    @contextmanager
    def locked(self, locks: LockFiles) -> Iterator[None]:
        """Hold the index as git does; raises IndexLocked."""
        with locks.owned(self.index_lock):
            self._take(locks)
            try:
                yield
            finally:
                self.index_lock.unlink(missing_ok=True)

    def _take(self, locks: LockFiles) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                os.close(os.open(self.index_lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
                return
            except FileExistsError:
                if time.monotonic() > until:
                    raise IndexLocked(str(self.index_lock)) from None
                if not locks.remove_if_left(self.index_lock):
                    time.sleep(_PAUSE)

    def require_clean(self, paths: Sequence[str], before: pygit2.Tree) -> None:
        """Raise Dirty where one of these is not as a tree has it, in the index or as a file."""
        index = self._index()
        for path in paths:
            blob = _blob(before, path)
            entry = index[path].id if path in index else None
            if entry != (None if blob is None else blob.id):
                raise Dirty(path)
            if self._file(path) != (None if blob is None else _text(bytes(blob.data))):
                raise Dirty(path)

    def follow(self, paths: Sequence[str], after: pygit2.Tree) -> None:
        """Make files and index what a tree says of these paths; the index has to be locked."""
        blobs = {path: _blob(after, path) for path in paths}
        for path, blob in blobs.items():
            if blob is None:
                self._remove(path)
            else:
                executable = blob.filemode == pygit2.enums.FileMode.BLOB_EXECUTABLE
                self._put(path, bytes(blob.data), 0o755 if executable else 0o644)
        self._write_index(blobs)

    def _put(self, path: str, data: bytes, mode: int) -> None:
        """Write a file by way of git's own folder: a kill leaves nothing among the files."""
        here = self.git_dir / f"burgee-{os.getpid()}.tmp"
        put_whole(here, data, mode)
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            here.replace(file)
        except OSError:  # another file system, as a linked work tree may lie on
            here.unlink(missing_ok=True)
            put_whole(file, data, mode)

    def finish(self, path: str, before: pygit2.Tree, after: pygit2.Tree) -> None:
        """Let a path follow that a kill may have left as it was, or half way; else Dirty."""
        old, new = _blob(before, path), _blob(after, path)
        texts = [None if each is None else _text(bytes(each.data)) for each in (old, new)]
        index = self._index()
        entry = index[path].id if path in index else None
        known = {None if each is None else each.id for each in (old, new)}
        if self._file(path) not in texts or entry not in known:
            raise Dirty(path)
        self.follow([path], after)

    def _write_index(self, blobs: Mapping[str, pygit2.Blob | None]) -> None:
        """Write the index beside itself, then over itself: the lock is not git's to write to."""
        own = self.git_dir / f"index.burgee-{os.getpid()}"
        index_path = self.git_dir / "index"
        with suppress(FileNotFoundError):
            shutil.copyfile(index_path, own)
        index = pygit2.Index(str(own))
        for path, blob in blobs.items():
            if blob is not None:
                mode = blob.filemode or pygit2.enums.FileMode.BLOB
                index.add(pygit2.IndexEntry(path, blob.id, mode))
            elif path in index:
                index.remove(path)
        index.write()
        own.replace(index_path)

    def _index(self) -> pygit2.Index:
        return pygit2.Index(str(self.git_dir / "index"))

    def _file(self, path: str) -> bytes | None:
        """Return a file's text; Dirty where something else stands there, or a link on the way."""
        here = self.root
        for part in path.split("/"):
            here = here / part
            if here.is_symlink():
                raise Dirty(path)
        try:
            return _text(here.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            raise Dirty(path) from None

    def _remove(self, path: str) -> None:
        file = self.root / path
        file.unlink(missing_ok=True)
        for folder in file.parents:
            if folder == self.root:
                return
            try:
                folder.rmdir()  # git leaves no empty folders behind either
            except OSError:
                return


def work_trees_of(repository: pygit2.Repository, reference: str) -> list[WorkTree]:
    """Return the work trees, linked ones too, in which a branch is checked out."""
    common = Path(_common_dir(repository))
    found: list[WorkTree] = []
    if not repository.is_bare and _head(common / "HEAD") == reference:
        root = repository.workdir if Path(repository.path) == common else str(common.parent)
        found.append(WorkTree(Path(root), common))
    for folder in sorted((common / "worktrees").glob("*")):
        if _head(folder / "HEAD") == reference:
            with suppress(OSError):
                root = (folder / "gitdir").read_text(encoding="utf-8").strip()
                found.append(WorkTree(Path(root).parent, folder))
    return [each for each in found if each.root.is_dir()]


def _common_dir(repository: pygit2.Repository) -> str:
    own = Path(repository.path)
    try:
        text = (own / "commondir").read_text(encoding="utf-8").strip()
    except OSError:
        return str(own)
    return str((own / text).resolve())


def _head(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return text.removeprefix("ref: ") if text.startswith("ref: ") else None


def _blob(tree: pygit2.Tree, path: str) -> pygit2.Blob | None:
    try:
        found = tree[path]
    except KeyError:
        return None
    return found if isinstance(found, pygit2.Blob) else None


def _text(data: bytes) -> bytes:
    """Return a file's bytes as git keeps text: a checkout may have changed the ends of lines."""
    return data.replace(b"\r\n", b"\n")
