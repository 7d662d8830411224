"""HTTP over a raw socket, for what no client library would send, and a server to send it to."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

import msgspec
from starlette.types import ASGIApp

from burgee_http.limits import Limits
from burgee_http.serve import Listener, bind, make_server, new_event_loop

__all__ = ["Answer", "Wire", "ask", "running"]


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        body = json.loads(self.body)
        assert isinstance(body, dict)
        return body


class Wire:
    """One connection; sends exactly the bytes it is given."""

    def __init__(self, port: int, timeout: float = 10.0) -> None:
        self.port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def closed(self) -> bool:
        """Waits for the server to end the connection; False if it sends something instead."""
        try:
            return not self._buffer and self._socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def answer(self, *, head: bool = False) -> Answer:
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        bodiless = head or status in (100, 204, 304)
        length = 0 if bodiless else int(headers["content-length"])
        while len(self._buffer) < length:
            self._receive()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Answer(status, headers, body)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._receive()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _receive(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise EOFError(f"the server closed; before that came {self._buffer!r}")
        self._buffer += data


def ask(
    port: int,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One request on a connection of its own."""
    fields = {"Host": f"127.0.0.1:{port}", **(headers or {})}
    if body is not None:
        fields["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with Wire(port) as wire:
        wire.send(f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + (body or b""))
        return wire.answer(head=method == "HEAD")


@contextmanager
def running(
    app: ASGIApp,
    limits: Limits | None = None,
    grace: float = 5.0,
    stopping: Callable[[], None] = lambda: None,
    drain: float = 1.0,
) -> Iterator[int]:
    """The application under our server, in a thread; gives its port and stops it at the end."""
    listener = Listener(app, limits=limits or Limits(), drain_seconds=drain, stopping=stopping)
    listening = bind(listener.host, listener.port)
    server = make_server(listener, grace)
    started = threading.Event()
    server.started_hook = started.set

    def run() -> None:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(server.serve(sockets=[listening]))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(grace + 5)
        assert not thread.is_alive()
