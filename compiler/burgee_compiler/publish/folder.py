"""A folder as a target: files renamed into place, the manifest under a lock."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from burgee.snapshot.canonical import digest
from burgee.whole_files import holds, put_whole
from burgee_compiler.publish.target import (
    MOST_DOCUMENT,
    Denied,
    Listed,
    Lost,
    Stored,
    TargetError,
    Unavailable,
    Unusable,
)

__all__ = ["FolderTarget"]

_LOCK: Final = ".publish.lock"
_LOOK_AGAIN: Final = 0.02


class FolderTarget:
    """A folder that edge nodes read, or a web server serves; any number may publish to it."""

    streams = 1

    def __init__(self, root: Path, *, lock_seconds: float = 10.0) -> None:
        self.root = root
        self._lock_seconds = lock_seconds

    @property
    def place(self) -> str:
        return str(self.root)

    def read(self, path: str, most: int) -> Stored | None:
        with self._told(path):
            try:
                with (self.root / path).open("rb") as file:
                    if os.fstat(file.fileno()).st_size > most:
                        raise Unusable(
                            f"{self.root / path} has over {most} bytes", "is it a snapshot's?"
                        )
                    data = file.read()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return Stored(data, digest(data))

    def create(self, path: str, data: bytes) -> bool:
        whole = self.root / path
        with self._told(path):
            if not holds(whole, data):
                self._put(path, data)
                return True
            with suppress(PermissionError):  # another user's
                os.utime(whole)  # or it might be taken for old, and pruned
        return False

    def write(self, path: str, data: bytes) -> None:
        with self._told(path):
            self._put(path, data)

    def replace(self, path: str, data: bytes, condition: str | None) -> None:
        with self._told(path), self._locked((self.root / path).parent):
            before = self.read(path, MOST_DOCUMENT)
            if condition != (None if before is None else before.condition):
                raise Lost(f"{self.root / path} was replaced by somebody else")
            self._put(path, data)

    def list(self, folder: str) -> Sequence[Listed]:
        found: list[Listed] = []
        with self._told(folder):
            for path in (self.root / folder).rglob("*"):
                with suppress(FileNotFoundError):
                    if path.is_file() and not path.is_symlink() and path.name != _LOCK:
                        seen = path.stat()
                        name = path.relative_to(self.root).as_posix()
                        found.append(Listed(name, seen.st_size, seen.st_mtime))
        return found

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            with self._told(path):
                (self.root / path).unlink(missing_ok=True)

    def prove(self, folder: str) -> None:
        """The lock is what proves it."""

    def close(self) -> None:
        """Nothing is kept open."""

    def _put(self, path: str, data: bytes) -> None:
        whole = self.root / path
        new = [each for each in whole.parents if not each.exists()]
        put_whole(whole, data)
        for folder in new:  # a folder's name, too, has to survive a power cut
            _sync(folder.parent)

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Hold the folder's lock, which ends with the process; Unavailable if it stays taken."""
        import fcntl  # noqa: PLC0415  not on Windows

        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            end = time.monotonic() + self._lock_seconds
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise Unavailable(
                            f"{folder / _LOCK} is held by another process",
                            "find the publisher that hangs, and end it",
                        ) from None
                    time.sleep(_LOOK_AGAIN)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        try:
            yield
        except TargetError:
            raise
        except PermissionError as error:
            raise Denied(
                f"{self.root / path}: {error.strerror or error}",
                "give the publisher's user the right to write there",
            ) from error
        except OSError as error:
            raise Unavailable(f"{self.root / path}: {error.strerror or error}") from error


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
