"""Member lists as files of the node's own, mapped into memory and shared by its workers."""

import contextlib
import mmap
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

import structlog

from burgee.load import Read, read_verified
from burgee.snapshot.canonical import digest
from burgee.snapshot.documents import Data

__all__ = ["MemberFiles"]

_log = structlog.get_logger("burgee.members")


class MemberFiles:
    """Lists below a folder, by their path in the dist layout.

    Never the source's own files: one that somebody shortens under a map ends the process. Here a
    file is whole when it gets its name, and only its name is ever taken away.
    """

    def __init__(self, folder: Path) -> None:
        """Take a folder, which is made when it is needed."""
        self._folder = folder

    def take(self, read: Read, path: str, whole: str) -> Data:
        """Return a list, mapped; fetched through `read` where it is not here, or damaged.

        Raises Refused where the fetched one is not what `whole`, its digest, says. On a disk that
        takes no more it is kept in memory.
        """
        file = self._folder / path
        try:
            found = _mapped(file)
            if digest(found) == whole:
                return found
            file.unlink(missing_ok=True)
        except OSError:
            pass
        data = read_verified(read, path, whole)
        try:
            _put_once(file, data)
            return _mapped(file) if data else data
        except OSError as error:
            _log.warning("a member list is kept in memory", detail=str(error))
            return data

    def keep(self, named: Collection[str]) -> None:
        """Remove all lists but these; what is mapped stays until nobody needs it."""
        for file in self._folder.glob("*/members-*.bin"):
            if file.relative_to(self._folder).as_posix() not in named:
                with contextlib.suppress(OSError):
                    file.unlink()


def _mapped(file: Path) -> memoryview:
    """Return a file's bytes; OSError where there is none, or an empty one."""
    with file.open("rb") as opened:
        try:
            return memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError as error:
            raise OSError(str(error)) from error


def _put_once(file: Path, data: bytes) -> None:
    """Write a file unless another worker was first, so that all map the same one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".members-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
        with contextlib.suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink(missing_ok=True)
