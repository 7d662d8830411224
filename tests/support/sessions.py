"""A page's console blocks as one session: servers that it starts go on running until its end."""

from __future__ import annotations

import random
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from support.guides import pattern, said, shell_in, steps

__all__ = ["Session", "free_ports", "session"]

_SERVERS: Final = ("burgee up", "burgee edge", "burgee writer", "burgee publish --watch")
_NAMED: Final = re.compile(r"([A-Z_]+)=(.*)")


class Session:
    """A shell in a folder that remembers where it is, what was named and what it started."""

    def __init__(self, folder: Path) -> None:
        self.here = folder
        self.ran = 0
        self.longest = 0.0
        self._shell = shell_in(folder)
        self._running: list[subprocess.Popen[str]] = []

    def run(self, page: str, *, patience: float = 0.0) -> None:
        """Run all of a page; `curl` may be asked again for so many seconds until it fits."""
        for command, printed in steps(page):
            self.ran += 1
            named = _NAMED.fullmatch(command)
            if command.startswith("cd "):
                self.here /= command.removeprefix("cd ")
            elif named is not None:
                self._shell[named[1]] = self._said(f'{command}; printf %s "${named[1]}"')
            elif command.startswith(_SERVERS):
                self._start(command, printed)
            else:
                self._compare(command, printed, patience if command.startswith("curl") else 0.0)

    def end(self) -> None:
        """End what was started, politely."""
        while self._running:
            process = self._running.pop()
            process.terminate()
            process.communicate(timeout=20)

    def _said(self, command: str) -> str:
        return said(command, self.here, self._shell)

    def _compare(self, command: str, printed: list[str], patience: float) -> None:
        began = time.monotonic()
        while True:
            found = self._said(command)
            if pattern(printed).fullmatch(found):
                self.longest = max(self.longest, time.monotonic() - began)
                return
            assert time.monotonic() - began < patience, f"{command}\n{found}"
            time.sleep(0.05)

    def _start(self, command: str, printed: list[str]) -> None:
        process = subprocess.Popen(
            f"exec {command}",
            shell=True,
            cwd=self.here,
            env=self._shell,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._running.append(process)
        timer = threading.Timer(30, process.kill)
        timer.start()
        found = ""
        assert process.stdout is not None
        for line in process.stdout:
            found += line
            if pattern(printed).fullmatch(found.rstrip("\n")):
                break
        else:
            raise AssertionError(f"{command}\n{found}")
        timer.cancel()
        threading.Thread(target=process.stdout.read, daemon=True).start()


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """A session whose servers end with it."""
    found = Session(folder)
    try:
        yield found
    finally:
        found.end()


def free_ports(count: int) -> list[int]:
    """Return ports that follow each other and that nobody listens on; none that the system would
    give to whoever connects somewhere before they are used.
    """
    for _ in range(100):
        port = random.randrange(15_000, 32_000)
        if all(_is_free(port + each) for each in range(count)):
            return [port + each for each in range(count)]
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True
