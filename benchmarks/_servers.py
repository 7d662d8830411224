"""Servers in processes of their own, and clients that ask them over keep-alive connections."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from msgspec import Struct

from benchmarks._mixed import write_mixed
from burgee_http.client_keys import append_client, make_client_key
from burgee_http.clients import Client

__all__ = ["SAMPLE", "Answer", "Crowd", "Edge", "Server", "edge_server", "floor_server", "request"]

SAMPLE: Final = 0.01  # of the requests get a line in the access log


class Server:
    """A server in a process of its own; ends with the block."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                self._wait()
                return
        raise RuntimeError("the server did not start")

    def _wait(self) -> None:
        """uvicorn says where it is bound a moment before it listens."""
        for _ in range(500):
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port), timeout=20).close()
                return
            time.sleep(0.01)
        raise RuntimeError("the server does not listen")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(20)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def processor_seconds(self) -> float:
        """Return the processor time, user and system, that its threads have taken so far."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


class Edge(Struct, frozen=True):
    """A node, the repository and the set that it serves, and the key it lets in."""

    server: Server
    repository: Path
    dist: Path
    key: str


class Answer(Struct, frozen=True):
    """One answer as it came."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status in its first line."""
        return int(self.head.split(b" ", 2)[1])

    @property
    def fields(self) -> dict[str, str]:
        """Its header fields."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return dict(line.split(": ", 1) for line in lines if line)


def build(repository: Path, dist: Path) -> None:
    """Build a repository as anybody would."""
    command = [sys.executable, "-m", "burgee_cli", "build", str(repository), "--out", str(dist)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def edge_server(folder: Path, flags: int) -> Iterator[Edge]:
    """Run a node as it would run anywhere: client keys, tenants, a sampled access log."""
    repository = write_mixed(folder / "repo", flags)
    build(repository, folder / "dist")
    key, digest = make_client_key()
    clients = folder / "clients.yaml"
    clients.write_text("clients:\n")
    append_client(clients, Client("shop", digest, ("evaluate",), ("acme", "globex")))
    given = {
        "source": folder / "dist",
        "environment": "production",
        "port": 0,
        "clients": clients,
        "access-log-sample": SAMPLE,
    }
    options = [text for name, value in given.items() for text in (f"--{name}", str(value))]
    with Server(["-m", "burgee_cli", "edge", *options]) as server:
        yield Edge(server, repository, folder / "dist", key)


def floor_server(sample: Answer) -> Server:
    """Run the floor: as many bytes in as many header fields as the sample has."""
    numbers = (sample.status, len(sample.fields), len(sample.head), len(sample.body))
    return Server(["-m", "benchmarks._floor", *map(str, numbers)])


def request(path: str, body: bytes, key: str, etag: str = "") -> bytes:
    """Return the bytes of a request as a client library sends it."""
    lines = [
        f"POST {path} HTTP/1.1",
        "host: 127.0.0.1",
        "user-agent: benchmark/1.0",
        "accept: application/json",
        "content-type: application/json",
        f"authorization: Bearer {key}",
        "x-tenant-id: acme",
        f"content-length: {len(body)}",
    ]
    if etag:
        lines.append(f"if-none-match: {etag}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Send a request whole."""
        self.socket.sendall(data)

    def receive(self) -> Answer:
        """Return the next answer."""
        buffer = self._buffer
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            buffer += self._more()
        head, end = buffer[: end + 4], end + 4
        found = re.search(rb"(?i)content-length: (\d+)", head)
        parts, missing = [buffer[end:]], (int(found[1]) if found else 0) - (len(buffer) - end)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        body = b"".join(parts)
        whole = len(body) + min(missing, 0)
        self._buffer = body[whole:]
        return Answer(head, body[:whole])

    def ask(self, data: bytes) -> Answer:
        """Send and receive."""
        self.send(data)
        return self.receive()

    def _more(self) -> bytes:
        data = self.socket.recv(262_144)
        if not data:
            raise RuntimeError("the server has closed the connection")
        return data


class Crowd:
    """Several connections that ask in step: what a server sees of many callers."""

    def __init__(self, port: int, size: int = 16) -> None:
        self._connections = [Connection(port) for _ in range(size)]

    def ask_all(self, requests: Sequence[bytes], status: int) -> None:
        """Send all requests, one on each connection at a time."""
        size = len(self._connections)
        for start in range(0, len(requests), size):
            pairs = list(zip(self._connections, requests[start : start + size], strict=False))
            for connection, data in pairs:
                connection.send(data)
            for connection, _ in pairs:
                answer = connection.receive()
                assert answer.status == status, answer
