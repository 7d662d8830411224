"""A reader of server-sent events over a raw socket."""

import json
import socket
from collections.abc import Mapping
from typing import Any, Self

import msgspec

__all__ = ["Event", "EventSource"]


class Event(msgspec.Struct, frozen=True):
    """One event that was dispatched; one without an id keeps the id before, as in browsers."""

    id: str
    data: dict[str, Any]


class EventSource:
    """Reads a stream as it comes; `status` and `headers` are those of the answer."""

    def __init__(
        self, port: int, target: str, headers: Mapping[str, str] | None = None, timeout: float = 10
    ) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        fields = {"Host": f"127.0.0.1:{port}", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._socket.sendall(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
        self._file = self._socket.makefile("rb")
        self._text = b""
        self._ended = False
        self.last_id = ""
        self.comments = 0
        self.retry = 0
        self.status = int(self._file.readline().split(b" ")[1])
        self.headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode("latin-1").partition(": ")
            self.headers[name] = value

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def body(self) -> bytes:
        """The whole body of an answer that is no stream."""
        return self._file.read(int(self.headers["content-length"]))

    def event(self) -> Event:
        """The next event; EOFError where the stream ends, in its proper form, before one comes."""
        while True:
            block = self._block()
            found = dict[str, str]()
            for line in block.decode().splitlines():
                name, _, value = line.partition(":")
                found[name] = value.removeprefix(" ")
            self.comments += "" in found
            self.retry = int(found.get("retry", self.retry))
            self.last_id = found.get("id", self.last_id)
            if "data" in found:
                assert found.get("event", "message") == "message"
                return Event(self.last_id, json.loads(found["data"]))

    def comment(self) -> None:
        """Wait for a sign of life; AssertionError where an event comes before it."""
        before = self.comments
        while self.comments == before:
            block = self._block()
            assert b"data:" not in block, block
            self.comments += block.startswith(b":")

    def ended(self) -> bool:
        """Wait for the end; False where an event comes before it."""
        try:
            self.event()
        except EOFError:
            return True
        return False

    def _block(self) -> bytes:
        while b"\n\n" not in self._text:
            self._receive()
        block, _, self._text = self._text.partition(b"\n\n")
        return block

    def _receive(self) -> None:
        if self._ended:
            raise EOFError
        size = int(self._file.readline().strip() or b"-1", 16)
        if size <= 0:
            assert size == 0, "the connection was cut"
            self._ended = True
            raise EOFError
        self._text += self._file.read(size)
        self._file.readline()
