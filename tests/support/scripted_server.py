"""An HTTP server on loopback that answers whatever a test says, and remembers what it was asked.

It speaks through bare sockets, so that it can do what no well-behaved server does.
"""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

__all__ = ["Asked", "Reply", "ScriptedServer", "json_reply", "scripted_server"]


class Asked(msgspec.Struct, frozen=True):
    """One request; the names of `headers` are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Reply(msgspec.Struct, frozen=True):
    """What is sent: a whole answer, or with `raw` just these bytes; then the connection is closed
    where `close` or `raw` says so, and with `hang` nothing more is done until the server stops.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    raw: bytes | None = None
    close: bool = False
    hang: bool = False


Answer = Callable[[Asked], Reply]


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; `_` in names of headers stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


class ScriptedServer:
    """`answer` says what is answered; `asked` is all that was asked."""

    def __init__(self, answer: Answer, host: str, tls: ssl.SSLContext | None) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self._tls = tls
        self._socket = socket.create_server((host, 0))
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._stopped = threading.Event()
        self._open: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://{self.host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections were made."""
        return len(self._open)

    def serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        """Take no connection any more, and break those that are open."""
        self._stopped.set()
        for each in (self._socket, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _converse(self, connection: socket.socket) -> None:
        with suppress(OSError), self._secured(connection) as secured:
            file = secured.makefile("rb")
            with file:
                while (asked := _read(file)) is not None:
                    self.asked.append(asked)
                    if not self._send(secured, self.answer(asked)):
                        return

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        made = self._tls.wrap_socket(connection, server_side=True)
        self._open.append(made)
        return made

    def _send(self, connection: socket.socket, reply: Reply) -> bool:
        data = reply.raw
        if data is None:
            fields = {"Content-Length": str(len(reply.body)), **reply.headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            body = b"" if reply.status == 204 else reply.body
            data = f"HTTP/1.1 {reply.status} X\r\n{head}\r\n".encode() + body
        connection.sendall(data)
        if reply.hang:
            self._stopped.wait(30)
        return reply.raw is None and not reply.hang and not reply.close


def _read(file: Any) -> Asked | None:
    first = file.readline().decode("latin-1").split(" ")
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := file.readline().strip().decode("latin-1"):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = file.read(int(headers.get("content-length", "0")))
    return Asked(first[0], first[1], headers, body)


@contextmanager
def scripted_server(
    answer: Answer = lambda _: Reply(),
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> Iterator[ScriptedServer]:
    """A server on a free port of loopback."""
    server = ScriptedServer(answer, host, tls)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)
