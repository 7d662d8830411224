"""HTTP for one server: bounded in time and size, no redirects, and a token that nobody sees."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from burgee.client.known import Unavailable

__all__ = ["Address", "Answer", "Http", "Timed", "Token", "read_address", "retry_after"]

Token = str | Callable[[], str]
"""A key or a JWT, or what gives the present one."""

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_CHUNK: Final = 65_536
_WHOLE: Final = 6  # an answer may take as many times as long as a single read of it
_MOST_WAIT: Final = 300.0
# A connection that the server has closed while it was idle; asking once more is safe for a GET.
_GONE: Final = (ConnectionError, HTTPException)


class Address(Struct, frozen=True):
    """Where an edge node is: `prefix` is what stands before its paths."""

    scheme: str
    host: str
    port: int
    prefix: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"

    @property
    def loopback(self) -> bool:
        """Whether the node is on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


class Answer(Struct, frozen=True):
    """An answer with its whole body; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_address(url: str) -> Address:
    """Read the URL of an edge node; ValueError where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"this is no URL of an edge node: {error}") from None
    if parts.username is not None or parts.password is not None:
        # The URL is not repeated: it would end up in a log.
        raise ValueError("a URL with a name or password in it would be logged: use token=")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no URL of an edge node, such as https://flags.example:8080")
    if parts.query or parts.fragment:
        raise ValueError(f"{url!r} has a query or a fragment; give the node's address alone")
    port = port or (443 if parts.scheme == "https" else 80)
    return Address(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))


class Http:
    """Asks one server, on one connection that is kept, and on one more for a stream."""

    def __init__(
        self,
        address: Address,
        headers: Mapping[str, str],
        token: Token | None,
        *,
        timeout: float = 10.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.address = address
        self.timeout = timeout
        self._headers = headers
        self._token = token
        self._ssl = ssl_context
        self._kept: HTTPConnection | None = None
        # The sockets themselves: http.client lets go of one that the server will close.
        self._open: dict[HTTPConnection, socket.socket] = {}

    def get(self, path: str, most: int, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET, with a body of `most` bytes; raises Unavailable."""
        reused = self._kept is not None
        try:
            return self._get(path, most, headers or {})
        except _GONE as error:
            self._drop()
            if not reused:
                raise self._unavailable(error) from error
        except OSError as error:
            self._drop()
            raise self._unavailable(error) from error
        except Unavailable:
            self._drop()
            raise
        try:
            return self._get(path, most, headers or {})
        except (OSError, HTTPException) as error:
            self._drop()
            raise self._unavailable(error) from error

    def stream(
        self, path: str, headers: Mapping[str, str], timeout: float
    ) -> tuple[HTTPConnection, HTTPResponse]:
        """Return an answer whose body is still to come, on a connection of its own.

        The caller hands it back to `end`. Raises OSError and HTTPException.
        """
        connection = self._connect(timeout)
        try:
            connection.request("GET", self.address.prefix + path, headers=self._all(headers))
            return connection, connection.getresponse()
        except BaseException:
            self.end(connection)
            raise

    def end(self, connection: HTTPConnection) -> None:
        """Close a connection."""
        self._open.pop(connection, None)
        connection.close()

    def close(self) -> None:
        """Close the connection that is kept."""
        self._drop()

    def interrupt(self) -> None:
        """Break all connections, from any thread: whoever waits on one gets an error."""
        for each in tuple(self._open.values()):
            with contextlib.suppress(OSError):  # the other side may have closed it
                each.shutdown(socket.SHUT_RDWR)

    def again(self) -> Http:
        """Return the same for a forked process, which lets go of its parent's connections.

        They are closed here without a word on the wire; frames of threads that are no more hold
        on to them, and the server would see them open for as long as the child lives.
        """
        for each in tuple(self._open.values()):
            with contextlib.suppress(OSError):
                os.close(each.detach())
        return Http(
            self.address, self._headers, self._token, timeout=self.timeout, ssl_context=self._ssl
        )

    def _get(self, path: str, most: int, headers: Mapping[str, str]) -> Answer:
        if self._kept is None:
            self._kept = self._connect(self.timeout)
        connection = self._kept
        if connection.sock is not None:
            connection.sock.settimeout(self.timeout)
        until = time.monotonic() + self.timeout * _WHOLE
        connection.response_class = partial(Timed, until=until)  # type: ignore[assignment]
        connection.request("GET", self.address.prefix + path, headers=self._all(headers))
        response = connection.getresponse()
        body = self._body(response, most)
        if response.will_close:
            self._drop()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, body)

    def _body(self, response: HTTPResponse, most: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while part := response.read(_CHUNK):
            size += len(part)
            if size > most:
                raise Unavailable("too_large", f"{self.address} answers with over {most} bytes")
            parts.append(part)
        if response.length:
            raise ConnectionError(f"{response.length} bytes of the body never came")
        return b"".join(parts)

    def _connect(self, timeout: float) -> HTTPConnection:
        host, port = self.address.host, self.address.port
        connection: HTTPConnection
        if self.address.scheme == "https":
            self._ssl = self._ssl or ssl.create_default_context()
            connection = HTTPSConnection(host, port, timeout=timeout, context=self._ssl)
        else:
            connection = HTTPConnection(host, port, timeout=timeout)
        connection.connect()
        self._open[connection] = connection.sock
        return connection

    def _drop(self) -> None:
        if self._kept is not None:
            self.end(self._kept)
            self._kept = None

    def _all(self, headers: Mapping[str, str]) -> dict[str, str]:
        token = self._present_token()
        if token is None:
            return {**self._headers, **headers}
        if not _TOKEN.fullmatch(token):
            raise Unavailable("unauthenticated", "the token has a character that no header takes")
        return {**self._headers, **headers, "Authorization": f"Bearer {token}"}

    def _present_token(self) -> str | None:
        if not callable(self._token):
            return self._token
        try:
            return self._token()
        except Exception as error:  # noqa: BLE001  whatever an app may raise
            # Its text is the app's own and may hold a secret.
            told = f"the app's token function failed with {type(error).__name__}"
            raise Unavailable("token", told) from None

    def _unavailable(self, error: Exception) -> Unavailable:
        text = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Unavailable("unreachable", f"{self.address} cannot be asked: {text}")


class Timed(HTTPResponse):
    """A response that has to be there whole by a time, however slowly a server sends it."""

    def __init__(self, sock: socket.socket, *args: Any, until: float, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        raw = self.fp.detach()
        self.fp = BufferedReader(_TimedReads(sock, raw, until))


class _TimedReads(RawIOBase):
    def __init__(self, sock: socket.socket, raw: RawIOBase, until: float) -> None:
        self._sock = sock
        self._raw = raw
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("it takes too long to answer")
        timeout = self._sock.gettimeout()
        if timeout is not None and left < timeout:
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds a server asks to be left alone, within reason."""
    text = headers.get("retry-after", "")
    return min(float(text), _MOST_WAIT) if text.isdigit() and len(text) < 10 else None
