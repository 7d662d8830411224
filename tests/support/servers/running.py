"""One server process: started, waited for, and ended with everything it started."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from support.servers.programs import program_environment
from support.waiting import until

__all__ = ["free_port", "running_server"]


def free_port() -> int:
    """Return a port of loopback that nobody listens on now.

    It is none of those that the system gives out by itself, so that nobody gets it meanwhile.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with closing(socket.socket()) as found, suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


@contextmanager
def running_server(
    arguments: Sequence[str | Path], port: int, log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; it has begun once its port of loopback answers."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(each) for each in arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**program_environment(), **(environment or {})},
            start_new_session=True,
        )
    try:
        until(lambda: _listens(port) or process.poll() is not None, f"{arguments[0]} listens")
        assert process.poll() is None, log.read_text(errors="replace")
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGCONT)
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True
