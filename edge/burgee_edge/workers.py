"""Several processes that answer on the same sockets; one that ends by itself is replaced."""

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

__all__ = ["run_workers"]

_SOON: Final = 5.0  # a worker that lives no longer than this is replaced with a pause
_PAUSE: Final = 1.0

_log = structlog.get_logger("burgee.workers")

Work = Callable[[int, Path, Callable[[], None]], int]
"""Takes the worker's index, a folder that all share, and what to call once it serves."""


def run_workers(count: int, work: Work, ready: Callable[[], None]) -> int:
    """Run `work` in `count` processes until a signal ends them; returns the exit code.

    Called before any thread or event loop exists, since the processes are forks of this one.
    """
    folder = Path(tempfile.mkdtemp(prefix="burgee-edge-"))
    try:
        return _Workers(count, work, folder).run(ready)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Workers:
    def __init__(self, count: int, work: Work, folder: Path) -> None:
        self._count = count
        self._work = work
        self._folder = folder
        self._running: dict[int, tuple[int, float]] = {}
        self._received: list[int] = []

    def run(self, ready: Callable[[], None]) -> int:
        told, tell = socket.socketpair()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with told, tell:
            for index in range(self._count):
                self._start(index, tell)
            tell.close()
            if not self._all_serve(told):
                self._stop(signal.SIGTERM)
                return max(self._wait_for_all(), 1)
        if not self._received:
            ready()
        self._tend()
        self._wait_for_all()
        return 130 if self._received[:1] == [signal.SIGINT] else 0

    def _start(self, index: int, tell: socket.socket | None) -> None:
        began = time.monotonic()
        process = os.fork()
        if process:
            self._running[process] = index, began
            return
        code = 3
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            code = self._work(index, self._folder, lambda: _say(tell))
        except BaseException:  # noqa: BLE001  the process ends here, whatever it was
            _log.exception("a worker failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _all_serve(self, told: socket.socket) -> bool:
        """Wait until each worker has said so; a worker that ends before closes its side."""
        told.settimeout(None)
        for _ in range(self._count):
            if told.recv(1) != b"1":
                return bool(self._received)
        return True

    def _tend(self) -> None:
        while not self._received:
            process, status = os.wait()
            index, began = self._running.pop(process)
            if self._received:
                return
            _log.error("a worker ended and is replaced", worker=index, status=status)
            if time.monotonic() - began < _SOON:
                time.sleep(_PAUSE)
            if not self._received:
                self._start(index, None)

    def _stop(self, number: int, _: object = None) -> None:
        self._received.append(number)
        for process in list(self._running):
            _kill(process, signal.SIGTERM)

    def _wait_for_all(self) -> int:
        worst = 0
        while self._running:
            process, status = os.wait()
            self._running.pop(process, None)
            worst = max(worst, os.waitstatus_to_exitcode(status))
        return worst


def _say(tell: socket.socket | None) -> None:
    if tell is not None:
        tell.send(b"1")


def _kill(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


Sockets = Sequence[socket.socket]
