"""A file that is read again when it changes; a broken one leaves the last good value in force."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

__all__ = ["FollowedFile"]

T = TypeVar("T")
Stamp = tuple[int, int, int, int]

_log = structlog.get_logger("burgee.files")


class FollowedFile(Generic[T]):
    """`value` is what `parse` made of the file when it was last good.

    The first read raises what `parse` or the file system raises. `generation` grows with every
    new value, so that what was derived from an old one can be dropped. An emptied file counts as
    broken, since it is most likely half written.
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[bytes], T],
        *,
        interval: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.generation = 0
        self.reloads = 0
        self.refusals = 0
        self.refused = False  # what is there now is not what is in force
        self._parse = parse
        self._interval = interval
        self._clock = clock
        self._next_look = clock() + interval
        self._stamp: Stamp | None
        self._stamp, text = self._read()
        self.value = parse(text)

    def follow(self) -> bool:
        """Looks at the file, at most once per interval; True if there is a new value."""
        now = self._clock()
        if now < self._next_look:
            return False
        self._next_look = now + self._interval
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return False
        return self._reload(stamp)

    def _reload(self, stamp: Stamp | None) -> bool:
        self._stamp = stamp
        try:
            if stamp is None:
                raise FileNotFoundError(f"{self.path}: there is no file")
            self._stamp, text = self._read()
            if not text.strip():
                raise ValueError(f"{self.path}: it is empty")
            self.value = self._parse(text)
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the last good value serves
            self.refusals += 1
            self.refused = True
            _log.error(
                "file refused, the last good one stays in force",
                file=str(self.path),
                error=str(error),
            )
            return False
        self.refused = False
        self.generation += 1
        self.reloads += 1
        _log.info("file read again", file=str(self.path))
        return True

    def _read(self) -> tuple[Stamp, bytes]:
        # The stamp is older than the text: a write in between is seen at the next look.
        with self.path.open("rb") as file:
            stamp = _of(os.fstat(file.fileno()))
            return stamp, file.read()


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return _of(status) if stat.S_ISREG(status.st_mode) else None  # to open a pipe would wait


def _of(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size
