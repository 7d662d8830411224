"""A server that answers like an edge node over a dist folder, until a test says otherwise.

It speaks through bare sockets, so that it can do what no well-behaved server does.
"""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import msgspec

__all__ = ["Asked", "Reply", "ScriptedNode", "scripted_node"]


class Asked(msgspec.Struct, frozen=True):
    """One request; the names of `headers` are in lower case."""

    path: str
    headers: Mapping[str, str]


class Reply(msgspec.Struct, frozen=True):
    """What is sent: a whole answer, or with `raw` just these bytes.

    `piece` bytes at a time, `pause` apart; then silence for as long as `hang` says.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    raw: bytes | None = None
    piece: int = 0
    pause: float = 0.0
    hang: bool = False


Fault = Callable[[Asked], Reply | None]


class ScriptedNode:
    """`fault` may answer in the node's place; `asked` is all that it was asked."""

    def __init__(self, root: Path, tls: ssl.SSLContext | None = None) -> None:
        self.root = root
        self._tls = tls
        self.fault: Fault = lambda asked: None
        self.asked: list[Asked] = []
        self.streams: list[socket.socket] = []
        self.events = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.stopped = threading.Event()
        self._open: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def tell(
        self, text: str = 'id: 0.2-abcdef01\ndata: {"version":"2-abcdef0","keys":null}\n\n'
    ) -> None:
        """Send text to all who listen to events."""
        for stream in self.streams:
            with suppress(OSError):
                stream.sendall(text.encode())

    def serve(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._keep(connection)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        """Take no connection any more, and break those that are open."""
        self.stopped.set()
        for each in (self._socket, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _keep(self, connection: socket.socket) -> None:
        """Remember what `stop` has to close; it may have looked already."""
        self._open.append(connection)
        if self.stopped.is_set():
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        buffer = b""
        with suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._keep(connection)
            while not self.stopped.is_set():
                while b"\r\n\r\n" not in buffer:
                    data = connection.recv(65_536)
                    if not data:
                        return
                    buffer += data
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                asked = _read(head)
                self.asked.append(asked)
                reply = self.fault(asked) or self._answer(asked, connection)
                if reply is None:
                    return  # a stream, written to by `tell`
                if not self._send(connection, reply):
                    connection.close()
                    return

    def _send(self, connection: socket.socket, reply: Reply) -> bool:
        """Send an answer; False where the connection is of no use afterwards."""
        data = reply.raw
        if data is None:
            fields = {"Content-Length": str(len(reply.body)), **reply.headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            body = b"" if reply.status == 304 else reply.body
            data = f"HTTP/1.1 {reply.status} X\r\n{head}\r\n".encode() + body
        step = reply.piece or len(data) or 1
        for start in range(0, len(data), step):
            connection.sendall(data[start : start + step])
            if reply.pause:
                time.sleep(reply.pause)
        if reply.hang:
            self.stopped.wait(30)
        return reply.raw is None and not reply.hang

    def _answer(self, asked: Asked, connection: socket.socket) -> Reply | None:
        if asked.path == "/v1/status":
            return Reply(body=b'{"environment":"production"}')
        if asked.path == "/v1/events" and self.events:
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
            )
            self.streams.append(connection)
            return None
        match asked.path.split("/"):
            case ["", "v1", "set", environment, tenant, name]:
                return self._document(asked, self.root / environment, tenant, name)
        return Reply(404, b"{}")

    def _document(self, asked: Asked, folder: Path, tenant: str, name: str) -> Reply:
        try:
            environment = json.loads((folder / "manifest.json").read_bytes())
            if name != "manifest.json":
                return Reply(body=(folder / tenant / name).read_bytes())
            whole = environment["tenants"][tenant]
            body = (folder / tenant / f"manifest-{whole[:16]}.json").read_bytes()
        except (OSError, KeyError):
            return Reply(404, b"{}")
        etag = f'"{sha256(body).hexdigest()}"'
        headers = {
            "ETag": etag,
            "Burgee-Order": f"{environment['epoch']}.{environment['sequence']}",
            "Burgee-Version": environment["version"],
        }
        known = asked.headers.get("if-none-match") == etag
        return Reply(304 if known else 200, body, headers)


def _read(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Asked(first.split(" ")[1], {name.lower(): value for name, value in headers.items()})


@contextmanager
def scripted_node(root: Path, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedNode]:
    """A node over a dist folder, on a free port of loopback."""
    node = ScriptedNode(root, tls)
    thread = threading.Thread(target=node.serve, daemon=True)
    thread.start()
    try:
        yield node
    finally:
        node.stop()
        thread.join(5)
