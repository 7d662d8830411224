"""A server of ours as a child process that is started again when it dies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, Final

import click

__all__ = ["Child"]

_LISTENING: Final = "listening on "
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 30.0
_HEALTHY_AFTER: Final = 60.0
_GRACE: Final = 5.0


class Child:
    """Runs `burgee ARGUMENTS`; `arguments` is asked before each start, with the port to take."""

    def __init__(self, name: str, port: int, arguments: Callable[[int], Sequence[str]]) -> None:
        self.name = name
        self.url: str | None = None
        self._port = port
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._listening = threading.Event()
        self._started = 0.0
        self._wait = _FIRST_WAIT
        self._retry_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while there is a process."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process, without waiting for it to listen."""
        self._listening.clear()
        self._retry_at = None
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "burgee_cli.local.attached", *self._arguments(self._port)],
            # Settings meant for another node are not to get in here.
            env={name: text for name, text in os.environ.items() if not name.startswith("BURGEE_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            process_group=0,  # Ctrl-C is for us: we end it, and wait until it has ended
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    def wait_until_listening(self, seconds: float = 30.0) -> int | None:
        """Return None once it listens; else, when it has ended, its exit code."""
        assert self._process is not None
        end = time.monotonic() + seconds
        while not self._listening.wait(0.05):
            code = self._process.poll()
            if code is not None:
                return code
            if time.monotonic() > end:
                self.stop()
                return 1
        return None

    def tend(self) -> bool:
        """Start it again if it died, later each time; return whether it was just started."""
        process = self._process
        if process is None or process.poll() is None:
            return False
        now = time.monotonic()
        if self._retry_at is None:
            if now - self._started > _HEALTHY_AFTER:
                self._wait = _FIRST_WAIT
            self._retry_at = now + self._wait
            click.echo(
                f"{self.name} ended with {process.returncode}; again in {self._wait:g} s", err=True
            )
            self._wait = min(2 * self._wait, _LONGEST_WAIT)
        if now < self._retry_at:
            return False
        if process.stdin is not None:
            process.stdin.close()
        self.start()
        return True

    def stop(self) -> None:
        """End the process: politely first; at once when asked twice."""
        process = self._process
        if process is None:
            return
        self._process = None
        process.terminate()
        try:
            process.wait(_GRACE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
        if self._reader is not None:
            self._reader.join(_GRACE)

    def _read(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                if line.startswith(_LISTENING):
                    self.url = line.removeprefix(_LISTENING).strip()
                    self._port = int(self.url.rsplit(":", 1)[1])
                    self._listening.set()
                else:
                    click.echo(line.rstrip("\n"), err=True)
