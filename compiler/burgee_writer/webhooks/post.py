"""One POST to a pinned address: bounded in time and size, no redirects, no proxies."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse
from io import BufferedReader
from typing import Any, Final, TypeAlias, cast

from msgspec import Struct

from burgee_writer.git.message import one_line
from burgee_writer.webhooks.addresses import Place, Unreachable

__all__ = ["Answer", "Connect", "Post"]

Connect: TypeAlias = Callable[[str, int, float], socket.socket]
"""From address, port and seconds to a connection; OSError."""

_SHOWN: Final = 200


class Answer(Struct, frozen=True):
    """What a receiver said: `text` is the beginning of its body, fit to be shown."""

    status: int
    text: str = ""
    retry_after: float = 0.0


class Post:
    """A request under way, which another thread may break off."""

    def __init__(self, *, connect_seconds: float, total_seconds: float, answer_bytes: int) -> None:
        self._connect_seconds = connect_seconds
        self._until = time.monotonic() + total_seconds
        self._total = total_seconds
        self._most = answer_bytes
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._broken = False

    def send(
        self,
        place: Place,
        addresses: Sequence[str],
        headers: Mapping[str, str],
        body: bytes,
        *,
        tls: ssl.SSLContext | None,
        connect: Connect,
    ) -> Answer:
        """Return the answer; Unreachable where none comes. `tls` is used where `place` says so."""
        timer = threading.Timer(max(self._left(), 0), self.break_off)
        timer.daemon = True
        timer.start()
        connection = _Pinned(place)
        try:
            connection.sock = self._opened(place, addresses, tls if place.tls else None, connect)
            connection.request("POST", place.path, body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, self._text(response), _retry_after(response))
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(self._why(error)) from None
        finally:
            timer.cancel()
            connection.close()
            self._close()

    def break_off(self) -> None:
        """End the request now; safe from any thread, and when it is over."""
        with self._lock:
            self._broken = True
            if self._socket is not None:
                # A TLS socket's own `shutdown` would have the other thread read on without TLS.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _opened(
        self, place: Place, addresses: Sequence[str], tls: ssl.SSLContext | None, connect: Connect
    ) -> socket.socket:
        plain = self._connected(place, addresses, connect)
        self._hold(plain)
        plain.settimeout(max(self._left(), 0.001))
        if tls is None:
            return plain
        wrapped = tls.wrap_socket(plain, server_hostname=place.host, do_handshake_on_connect=False)
        self._hold(wrapped)
        wrapped.do_handshake()
        return wrapped

    def _connected(self, place: Place, addresses: Sequence[str], connect: Connect) -> socket.socket:
        error: OSError = TimeoutError()
        for address in addresses:
            left = min(self._connect_seconds, self._left())
            if left <= 0 or self._broken:
                break
            try:
                return connect(address, place.port, left)
            except OSError as failed:
                error = failed
        raise error

    def _hold(self, opened: socket.socket) -> None:
        with self._lock:
            self._socket = opened
            if self._broken:
                raise TimeoutError

    def _close(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _left(self) -> float:
        return self._until - time.monotonic()

    def _text(self, response: HTTPResponse) -> str:
        """Read some of the body; the status stands, whatever becomes of the rest."""
        try:
            found = response.read(self._most)
        except (OSError, HTTPException, ValueError):
            return ""
        return one_line(found.decode("utf-8", "replace"))[:_SHOWN]

    def _why(self, error: Exception) -> str:
        if self._broken or isinstance(error, TimeoutError):
            return f"no answer within {self._total:g} s"
        if isinstance(error, ssl.SSLError):
            return f"TLS: {one_line(error.reason or str(error))[:_SHOWN]}"
        text = getattr(error, "strerror", None) if isinstance(error, OSError) else None
        return one_line(text or f"no HTTP: {type(error).__name__}")[:_SHOWN]


class _Pinned(HTTPConnection):
    """HTTP over a socket that is connected already; the host is only said, never looked up."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.host, place.port)
        self.default_port = 443 if place.tls else 80
        self.auto_open = 0
        self.response_class = _Response


class _Lines(BufferedReader):
    """Remembers the last line that was read."""

    last = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(-1 if size is None else size)
        return self.last


class _Response(HTTPResponse):
    """A response whose head has to end: http.client takes one that is cut off for whole."""

    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        self._lines = self.fp = _Lines(cast(Any, self.fp.detach()))

    def begin(self) -> None:
        super().begin()
        if self._lines.last not in (b"\r\n", b"\n"):
            raise ConnectionError(errno.ECONNRESET, "the answer ended in its head")


def _retry_after(response: HTTPResponse) -> float:
    text = response.getheader("Retry-After", "")
    return float(text) if text.isdecimal() and text.isascii() and len(text) < 7 else 0.0
