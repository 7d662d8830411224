"""A Redis server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.servers.programs import program
from support.servers.running import free_port, running_server

__all__ = ["redis_server"]


@contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Yield the URL of a Redis server that keeps nothing; it may be started again on its port."""
    server = program("redis-server")
    at = port or free_port()
    options = ["--port", str(at), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with running_server([server, *options], at, folder / "redis.log"):
        yield f"redis://127.0.0.1:{at}"
