"""Work trees in which the branch is checked out: index and files of what is written follow.

The order, all of it while the index is locked: an intent is put into the state folder; the new
files and the new index are written beside the old; the index is swapped; the reference moves; the
files are swapped. Whoever reads the new tip thus reads the new index: `git commit` reads both
before it asks for the lock, and with the old index and the new tip it would take the write back.
A kill at any point leaves the intent, by which the next write, or start, makes index and files what
the reference says.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import pygit2
from msgspec import Struct

from burgee.whole_files import put_whole
from burgee_writer.git.lock_files import LockFiles

__all__ = ["Dirty", "Prepared", "WorkTree"]

_PATIENCE: Final = 5.0


class Dirty(Exception):
    """A file that a write would overwrite, though it is not as the commit has it."""

    def __init__(self, path: str, root: Path) -> None:
        super().__init__(path)
        self.path = path
        self.root = root


class Prepared(Struct, frozen=True):
    """What stands beside the old: the text of each path, None where its file goes; the index."""

    files: Mapping[str, Path | None]
    index: Path


class WorkTree(Struct, frozen=True):
    """A work tree, and the folder of git in which its index lies."""

    root: Path
    git_dir: Path

    @contextmanager
    def locked(self, locks: LockFiles) -> Iterator[None]:
        """Hold the index as git does; raises StillLocked."""
        with locks.taken(self.git_dir / "index.lock", _PATIENCE):
            yield

    def require_clean(self, paths: Sequence[str], before: pygit2.Tree) -> None:
        """Raise Dirty where one of these is not as a tree has it, in the index or as a file."""
        index = self._index()
        for path in paths:
            blob = _blob(before, path)
            same = self._file(path) == (None if blob is None else _text(bytes(blob.data)))
            if not same or _entry(index, path) != (None if blob is None else blob.id):
                raise Dirty(path, self.root)

    def prepare(self, paths: Sequence[str], after: pygit2.Tree, name: str) -> Prepared:
        """Write beside the old what a tree says of these paths; OSError leaves nothing behind."""
        files = {path: None if _blob(after, path) is None else self._beside(path, name)
                 for path in paths}  # fmt: skip
        made = Prepared(files, self._own_index(name))
        try:
            for path, beside in files.items():
                blob = _blob(after, path)
                if blob is not None and beside is not None:
                    executable = blob.filemode == pygit2.enums.FileMode.BLOB_EXECUTABLE
                    put_whole(beside, bytes(blob.data), 0o755 if executable else 0o644)
            self._write_index(made.index, {path: _blob(after, path) for path in paths})
        except BaseException:
            self.discard(paths, name)
            raise
        return made

    def swap_index(self, prepared: Prepared) -> None:
        """Let the index be the one that was prepared; it has to be locked."""
        prepared.index.replace(self.git_dir / "index")

    def restore_index(self, paths: Iterable[str], before: pygit2.Tree, name: str) -> None:
        """Let the index hold again what a tree says of these paths."""
        own = self._own_index(name)
        self._write_index(own, {path: _blob(before, path) for path in paths})
        own.replace(self.git_dir / "index")

    def swap_files(self, prepared: Prepared) -> None:
        """Let the files be those that were prepared."""
        for path, beside in prepared.files.items():
            if beside is not None:
                beside.replace(self.root / path)
            else:
                (self.root / path).unlink(missing_ok=True)
                self._prune(path)

    def discard(self, paths: Iterable[str], name: str) -> None:
        """Take away what was prepared under a name."""
        self._own_index(name).unlink(missing_ok=True)
        for path in paths:
            with suppress(OSError):
                self._beside(path, name).unlink()
            self._prune(path)

    def finish(self, path: str, known: Sequence[pygit2.Tree], name: str) -> None:
        """Make a path what the last tree says, if it is as one of them has it; else Dirty."""
        blobs = [_blob(each, path) for each in known]
        texts = [None if each is None else _text(bytes(each.data)) for each in blobs]
        ids = [None if each is None else each.id for each in blobs]
        if self._file(path) not in texts or _entry(self._index(), path) not in ids:
            raise Dirty(path, self.root)
        prepared = self.prepare([path], known[-1], name)
        self.swap_index(prepared)
        self.swap_files(prepared)

    def _own_index(self, name: str) -> Path:
        return self.git_dir / f"index.burgee-{name}"

    def _beside(self, path: str, name: str) -> Path:
        digest = sha256(f"{name} {path}".encode()).hexdigest()[:16]
        return (self.root / path).with_name(f".burgee-{digest}")

    def _write_index(self, own: Path, blobs: Mapping[str, pygit2.Blob | None]) -> None:
        """Write an index of one's own: the lock is not git's to write to."""
        with suppress(FileNotFoundError):
            shutil.copyfile(self.git_dir / "index", own)
        index = pygit2.Index(str(own))
        for path, blob in blobs.items():
            if blob is not None:
                mode = blob.filemode or pygit2.enums.FileMode.BLOB
                index.add(pygit2.IndexEntry(path, blob.id, mode))
            elif path in index:
                index.remove(path)
        index.write()

    def _index(self) -> pygit2.Index:
        found: pygit2.Index = pygit2.Repository(str(self.git_dir)).index
        return found

    def _file(self, path: str) -> bytes | None:
        """Return a file's text; Dirty where something else stands there, or in its way."""
        here = self.root
        for part in path.split("/"):
            here = here / part
            if here.is_symlink():
                raise Dirty(path, self.root)
        try:
            return _text(here.read_bytes())
        except FileNotFoundError:
            return None
        except OSError:
            raise Dirty(path, self.root) from None

    def _prune(self, path: str) -> None:
        """Remove folders that are empty, as git leaves none behind either."""
        for folder in (self.root / path).parents:
            if folder == self.root:
                return
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                return


def _entry(index: pygit2.Index, path: str) -> pygit2.Oid | None:
    return index[path].id if path in index else None


def _blob(tree: pygit2.Tree, path: str) -> pygit2.Blob | None:
    try:
        found = tree[path]
    except KeyError:
        return None
    return found if isinstance(found, pygit2.Blob) else None


def _text(data: bytes) -> bytes:
    """Return a file's bytes as git keeps text: a checkout may have changed the ends of lines."""
    return data.replace(b"\r\n", b"\n")
