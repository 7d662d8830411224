"""Several processes that answer on the same sockets; one that ends by itself is replaced."""

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

import structlog

__all__ = ["run_workers"]

_SOON: Final = 5.0  # a worker that lives no longer than this is replaced with a pause
_PAUSE: Final = 1.0
_NOBODY: Final = -1
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

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
        self._told, self._tell = os.pipe()
        self._alive, self._alive_here = os.pipe()

    def run(self, ready: Callable[[], None]) -> int:
        for number in _SIGNALS:
            signal.signal(number, self._stop)
        for index in range(self._count):
            self._start(index)
        os.close(self._tell)
        self._tell = _NOBODY  # its number may soon be another file's in workers to come
        if not self._all_serve() and not self._received:
            self._stop(signal.SIGTERM)
            return max(self._wait_for_all(), 1)
        if not self._received:
            ready()
        self._tend()
        self._wait_for_all()
        return 130 if self._received[:1] == [signal.SIGINT] else 0

    def _start(self, index: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        process = os.fork()
        if process == 0:
            self._be_a_worker(index)
        self._running[process] = index, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        if self._received:
            _kill(process)

    def _be_a_worker(self, index: int) -> NoReturn:
        code = 3
        try:
            os.setpgid(0, 0)  # an interrupt at the terminal is for the parent, which tells us
            os.close(self._alive_here)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            threading.Thread(target=self._end_with_the_parent, daemon=True).start()
            code = self._work(index, self._folder, self._say)
        except BaseException:  # noqa: BLE001  the process ends here, whatever it was
            _log.exception("a worker failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _say(self) -> None:
        with suppress(OSError):  # a worker that replaces another has nobody to tell
            os.write(self._tell, b"1")
            os.close(self._tell)

    def _end_with_the_parent(self) -> None:
        os.read(self._alive, 1)  # ends when the parent does, however it does
        os.kill(os.getpid(), signal.SIGTERM)

    def _all_serve(self) -> bool:
        """Wait until each worker has said so; one that fails before closes its end unsaid."""
        said = 0
        while said < self._count:
            data = os.read(self._told, self._count)
            if not data:
                return False
            said += len(data)
        return True

    def _tend(self) -> None:
        while not self._received:
            process, status = os.wait()
            index, began = self._running.pop(process)
            if self._received:
                return
            _log.error(
                "a worker ended and is replaced",
                worker=index,
                process=process,
                exit_code=os.waitstatus_to_exitcode(status),  # -9 where signal 9 ended it
            )
            if time.monotonic() - began < _SOON:
                time.sleep(_PAUSE)
            if not self._received:
                self._start(index)

    def _stop(self, number: int, _: object = None) -> None:
        self._received.append(number)
        for process in list(self._running):
            _kill(process)

    def _wait_for_all(self) -> int:
        worst = 0
        while self._running:
            process, status = os.wait()
            self._running.pop(process, None)
            worst = max(worst, os.waitstatus_to_exitcode(status))
        return worst


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
