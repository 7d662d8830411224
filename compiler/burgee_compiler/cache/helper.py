"""A second process that does half the work of a large repository.

It is forked, so that it has all that was read so far, and only while this process has one thread;
where it cannot be had, or dies, the work is done here. What it finds comes back as bytes in files
that have no name, with a pipe that says when; nothing of it is ever run.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeVar, cast

from burgee_compiler.cache.packed import pack, unpack
from burgee_compiler.progress import listening

__all__ = ["LEAST", "Channel", "Helper", "start_helper"]

T = TypeVar("T")
_NAME: Final = "burgee-helper"
LEAST: Final = 2_000
"""Definitions below which a second process costs more than it saves."""


class Channel:
    """The helper's side."""

    def __init__(self, results: list[BinaryIO], said: int, told: int) -> None:
        self._results = results
        self._said = said
        self._told = told

    def send(self, value: object) -> None:
        """Hand over one result; does not wait for it to be taken."""
        file = self._results.pop(0)
        file.write(pack(value))
        file.flush()
        os.write(self._said, b".")

    def is_wanted(self) -> bool:
        """Wait until there is more to do, or nothing any more."""
        return os.read(self._told, 1) != b""


class Helper:
    """This process' side. Ends with the object."""

    def __init__(self, pid: int, results: list[BinaryIO], says: int, tell: int) -> None:
        self._pid = pid
        self._results = results
        self._says = says
        self._tell = tell

    def receive(self, kind: type[T]) -> T | None:
        """Wait for the next result; None where the helper ended without one."""
        if not self._results or os.read(self._says, 1) == b"":
            return None
        file = self._results.pop(0)
        file.seek(0)
        return unpack(file.read(), kind)

    def go_on(self) -> None:
        """Let the helper do what is next; what went wrong is told by `receive`."""
        with suppress(OSError):
            os.write(self._tell, b".")

    def close(self) -> None:
        """End the helper."""
        if self._pid:
            pid, self._pid = self._pid, 0
            os.close(self._tell)
            os.close(self._says)
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)  # nobody waits for what it does now
                os.waitpid(pid, 0)

    def __del__(self) -> None:
        self.close()


def start_helper(work: Callable[[Channel], None], results: int) -> Helper | None:
    """Start `work` in a process of its own, None where that cannot be; it gives `results` at most.

    Nobody is waiting for a helper that ends early: whoever asks it for a result sees that.
    """
    if not _may_fork():
        return None
    files = [cast("BinaryIO", os.fdopen(os.memfd_create(_NAME), "w+b")) for _ in range(results)]
    says, said = os.pipe()
    told, tell = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        for handle in (says, said, told, tell):
            os.close(handle)
        return None
    if pid == 0:
        _run(work, Channel(files, said, told), (says, tell))
    os.close(said)
    os.close(told)
    return Helper(pid, files, says, tell)


def _run(work: Callable[[Channel], None], channel: Channel, others: tuple[int, int]) -> None:
    try:
        for handle in others:
            os.close(handle)
        with listening(None):
            work(channel)
    finally:
        os._exit(0)  # neither buffers nor exit functions of the process it came from are its own


def _may_fork() -> bool:
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        return False
    try:
        return len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:
        return False
