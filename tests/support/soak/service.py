"""A process of the fleet that may be killed and started again, on the same port and state."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from support.command import PYTHON, environment
from support.soak.watch import Down

__all__ = ["Service"]

_STARTS_WITHIN: Final = 40.0


class Service:
    """`burgee ARGUMENTS` as a process; `down` are the times at which nobody could expect it to
    answer, by `time.monotonic`.
    """

    def __init__(
        self, name: str, folder: Path, arguments: Sequence[str | Path], env: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.down: list[Down] = []
        self._arguments = [str(each) for each in arguments]
        self._env = dict(env)
        self._process: subprocess.Popen[bytes] | None = None
        self._since: float | None = None

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process is not None
        return self._process.pid

    def start(self, ready: str = "") -> None:
        """Start it, and wait until its log has the text `ready` since then."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [*PYTHON, *self._arguments],
                env=environment(PYTHONUNBUFFERED="1", **self._env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        deadline = time.monotonic() + _STARTS_WITHIN
        while ready.encode() not in self.log.read_bytes()[begin:]:
            late = time.monotonic() > deadline
            assert self.running and not late, self.log.read_text()[-4000:]  # noqa: PT018
            time.sleep(0.02)
        if self._since is not None:
            self.down.append(Down(self._since, time.monotonic()))
            self._since = None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it as a lost machine would."""
        assert self._process is not None
        self._since = time.monotonic()
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it politely, within a bound."""
        if self._process is None or self._process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def resident(self) -> float:
        """Return its resident memory in MB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0
