"""Which processes of a state folder are still at work: each holds a file locked while it lives.

The system gives the lock up with the process, however it ends. A process id would not do: in a
container the next process has the same one.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import weakref
from contextlib import suppress
from pathlib import Path

__all__ = ["Presence"]


class Presence:
    """This process's own; `name` is what others know it by."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self.name, handle = self._begun()
        weakref.finalize(self, os.close, handle)
        self._sweep()

    def lives(self, name: str) -> bool:
        """Return whether the process of a name is still there."""
        if name == self.name:
            return True
        try:
            handle = os.open(self._file(name), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return not _locked(handle, fcntl.LOCK_SH)  # those who look do not meet each other
        finally:
            os.close(handle)

    def _begun(self) -> tuple[str, int]:
        while True:
            name = secrets.token_hex(8)
            handle = os.open(self._file(name), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            # Somebody who swept just now may have taken it for one that was left.
            if _locked(handle, fcntl.LOCK_EX) and self._file(name).exists():
                return name, handle
            os.close(handle)

    def _sweep(self) -> None:
        for path in self._folder.glob("*.alive"):
            if not self.lives(path.stem):
                with suppress(FileNotFoundError):
                    path.unlink()

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.alive"


def _locked(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
