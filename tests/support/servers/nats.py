"""A NATS server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.servers.programs import program
from support.servers.running import free_port, running_server

__all__ = ["nats_server"]


@contextmanager
def nats_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Yield the URL of a NATS server; it may be started again on its port."""
    server = program("nats-server")
    at = port or free_port()
    with running_server(
        [server, "--addr", "127.0.0.1", "--port", str(at)], at, folder / "nats.log"
    ):
        yield f"nats://127.0.0.1:{at}"
