"""Lock files of git that a writer made: told of before, so that those it left are known for its.

After a kill the next writer that shares the state folder removes what was left, and nothing else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from burgee.whole_files import put_whole

__all__ = ["LockFiles", "runs"]

_SLACK_NS: Final = 60_000_000_000
"""A lock was made by whoever told of it at most this long before."""
_YOUNG_NS: Final = 1_500_000_000


class _Told(Struct, frozen=True):
    path: str
    pid: int
    at: int
    boot: str


def _boot() -> str:
    """Return what tells this start of the machine from others, where the system has it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


class LockFiles:
    """Keeps what is told of in a folder of the writer's state."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    @contextmanager
    def owned(self, lock: Path) -> Iterator[None]:
        """Tell that this process may make a lock, for as long as the block lasts."""
        mark = self._folder / f"{sha256(os.fsencode(lock)).hexdigest()[:16]}-{os.getpid()}.json"
        put_whole(mark, msgspec.json.encode(_Told(str(lock), os.getpid(), time.time_ns(), _boot())))
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    def remove_if_left(self, lock: Path) -> bool:
        """Remove a lock that a process left which is no more; return whether it did."""
        for mark in self._folder.glob(f"{sha256(os.fsencode(lock)).hexdigest()[:16]}-*.json"):
            try:
                told = msgspec.json.decode(mark.read_bytes(), type=_Told)
                made = lock.stat().st_mtime_ns
            except (OSError, msgspec.MsgspecError):
                continue
            if told.boot == _boot() and runs(told.pid):
                continue
            if time.time_ns() - made < _YOUNG_NS:
                continue  # what its process started may still be at work
            mark.unlink(missing_ok=True)
            if -_YOUNG_NS <= made - told.at <= _SLACK_NS:
                with suppress(FileNotFoundError):
                    lock.unlink()
                return True
        return False


def runs(pid: int) -> bool:
    """Return whether there is a process of this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
