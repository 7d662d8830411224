"""Lock files of git that a writer made: told of before, so that those it left are known for its.

After a kill the next writer that shares the state folder removes what was left, and nothing else:
a lock that holds what was told of, or that git had not written to yet and that is of that moment.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from burgee.whole_files import put_whole
from burgee_writer.git.presence import Presence

__all__ = ["LockFiles", "StillLocked"]

_BEFORE_NS: Final = 50_000_000
_AFTER_NS: Final = 10_000_000_000
"""When an empty lock may have been made, seen from when it was told of; clocks are coarse."""
_YOUNG_NS: Final = 1_500_000_000
_PAUSE: Final = 0.02


class StillLocked(Exception):
    """Somebody else holds a lock for longer than is waited."""


class _Told(Struct, frozen=True):
    path: str
    by: str
    at: int
    text: str | None
    """What the lock holds; None where that cannot be known before."""
    whole: bool
    """Whether it is never empty."""


class LockFiles:
    """Keeps what is told of in a folder of the writer's state."""

    def __init__(self, folder: Path) -> None:
        self.presence = Presence(folder)
        self._folder = folder
        self._count = itertools.count()

    @contextmanager
    def owned(self, locks: Sequence[Path], text: str | None = None) -> Iterator[None]:
        """Tell that git may make these for this process, for as long as the block lasts."""
        with ExitStack() as stack:
            for each in locks:
                stack.enter_context(self._told(each, text, whole=False))
            yield

    @contextmanager
    def taken(self, lock: Path, patience: float) -> Iterator[None]:
        """Hold a lock as git does; raises StillLocked."""
        text = f"burgee {self.presence.name}\n"
        until = time.monotonic() + patience
        with self._told(lock, text, whole=True):
            while not self._made(lock, text):
                if time.monotonic() > until:
                    raise StillLocked(str(lock))
                if not self.remove_if_left(lock):
                    time.sleep(_PAUSE)
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)

    def remove_if_left(self, lock: Path) -> bool:
        """Remove a lock that a process left which is no more; return whether it did."""
        with self._alone():
            for mark in self._folder.glob(f"{_digest(lock)}-*.json"):
                try:
                    told = msgspec.json.decode(mark.read_bytes(), type=_Told)
                except (OSError, msgspec.MsgspecError):
                    continue
                if self.presence.lives(told.by):
                    continue
                _beside(lock, told.by).unlink(missing_ok=True)
                made = _made_at(lock)
                if made is not None and time.time_ns() - made < _YOUNG_NS:
                    continue  # what its process started may still be at work
                removed = made is not None and _is_told(lock, made, told)
                if removed:
                    lock.unlink(missing_ok=True)
                mark.unlink(missing_ok=True)
                if removed:
                    return True
        return False

    @contextmanager
    def _told(self, lock: Path, text: str | None, *, whole: bool) -> Iterator[None]:
        by = self.presence.name
        mark = self._folder / f"{_digest(lock)}-{by}-{next(self._count)}.json"
        told = _Told(str(lock), by, time.time_ns(), text, whole)
        put_whole(mark, msgspec.json.encode(told))
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    def _made(self, lock: Path, text: str) -> bool:
        """Make a lock that holds its text from the first moment on."""
        beside = _beside(lock, self.presence.name)
        beside.write_text(text, encoding="ascii")
        try:
            os.link(beside, lock)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            return _made_plainly(lock, text)
        finally:
            beside.unlink(missing_ok=True)
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time judge: else one removes what another has just taken anew."""
        handle = os.open(self._folder / "removing", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _made_plainly(lock: Path, text: str) -> bool:
    try:
        with lock.open("x", encoding="ascii") as made:
            made.write(text)
    except FileExistsError:
        return False
    return True


def _is_told(lock: Path, made: int, told: _Told) -> bool:
    with suppress(OSError, UnicodeDecodeError):
        found = lock.read_text(encoding="ascii")
        if told.whole or (found and told.text is not None):
            return found == told.text
        return -_BEFORE_NS <= made - told.at <= _AFTER_NS
    return False


def _made_at(lock: Path) -> int | None:
    try:
        return lock.stat().st_mtime_ns
    except OSError:
        return None


def _beside(lock: Path, name: str) -> Path:
    return lock.with_name(f"{lock.name}.{name}")


def _digest(lock: Path) -> str:
    return sha256(os.fsencode(lock)).hexdigest()[:16]
