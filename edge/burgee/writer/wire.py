"""One request to a writer: bounded in time and size, on a connection of its own, no redirects."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final

import msgspec
from msgspec import Struct

from burgee.client.http import Address, Timed
from burgee.writer.errors import Unreachable

__all__ = ["Answer", "Wire"]

_MOST: Final = 64 * 1024 * 1024
_WHOLE: Final = 6  # an answer may take as many times as long as a single read of it
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class Answer(Struct, frozen=True):
    """An answer; `body` is its JSON, if it has any; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any
    raw: bytes


class Wire:
    """Where a writer is, and how it is asked."""

    def __init__(self, address: Address, timeout: float, context: ssl.SSLContext | None) -> None:
        self.address = address
        self._timeout = timeout
        self._context = context

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, token: str
    ) -> Answer:
        """Return an answer of whatever status; Unreachable where none came, or half of one."""
        if token and not _TOKEN.fullmatch(token):
            raise ValueError("the token has a character that no header takes")
        named = {**headers, "Connection": "close"}
        if token:
            named["Authorization"] = f"Bearer {token}"
        connection = self._connection()
        until = time.monotonic() + self._timeout * _WHOLE
        connection.response_class = partial(Timed, until=until)  # type: ignore[assignment]
        try:
            try:
                connection.connect()
            except OSError as error:
                raise self._unreachable(error, sent=False) from error
            connection.request(method, self.address.prefix + path, body, named)
            return self._read(connection.getresponse())
        except (OSError, HTTPException) as error:
            raise self._unreachable(error, sent=True) from error
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        host, port = self.address.host, self.address.port
        if self.address.scheme != "https":
            return HTTPConnection(host, port, timeout=self._timeout)
        self._context = self._context or ssl.create_default_context()
        return HTTPSConnection(host, port, timeout=self._timeout, context=self._context)

    def _read(self, response: HTTPResponse) -> Answer:
        raw = response.read(_MOST)
        if response.length:
            raise ConnectionError("the answer is too long, or was cut off")
        headers = {name.lower(): value for name, value in response.getheaders()}
        body: Any = {}
        if headers.get("content-type", "").partition(";")[0].strip() == "application/json":
            body = _object(raw)
        is_cut = not raw or body is None
        if response.status < 300 and response.status != 204 and is_cut:
            raise ConnectionError("the answer was cut off, or is no JSON")
        return Answer(response.status, headers, body, raw)

    def _unreachable(self, error: Exception, *, sent: bool) -> Unreachable:
        text = getattr(error, "strerror", None) or str(error) or type(error).__name__
        code = "certificate" if isinstance(error, ssl.SSLCertVerificationError) else "unreachable"
        made = Unreachable(None, code, f"{self.address} does not answer: {text}")
        made.sent = sent
        return made


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
