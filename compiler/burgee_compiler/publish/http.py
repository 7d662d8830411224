"""A web server as a target: PUT under `If-Match` and `If-None-Match`, once it keeps to them."""

from __future__ import annotations

import secrets
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import quote, urlsplit

from burgee.client.http import Address, Answer, Timed, retry_after
from burgee_compiler.publish.target import (
    Denied,
    Lost,
    Stored,
    TargetError,
    Unavailable,
    Unconditional,
    Unusable,
)

__all__ = ["HttpTarget", "read_target_address"]

_CONNECT: Final = 10.0
_ANSWER: Final = 60.0
_SLOWEST: Final = 64 << 10  # bytes a second that a body is sent at, at least
_CHUNK: Final = 1 << 16
_MOST_ANSWER: Final = 1 << 20
_PROVEN_FOR: Final = 3_600.0  # a server is not asked again for as many seconds
_FAILED: Final = frozenset((404, 409, 412))
_TROUBLE: Final = frozenset((408, 423, 425, 429))
_NOBODY: Final = '"burgee-nothing-has-this-etag"'
_SINGLE: Final = (
    "publish to a server that keeps to If-Match and If-None-Match, or, where nobody else ever "
    "publishes there, say --single-publisher"
)


class HttpTarget:
    """Files below a URL; a plain web server lists nothing, so nothing is pruned there."""

    streams = 4

    def __init__(
        self,
        url: str,
        token: Callable[[], str | None] = lambda: None,
        *,
        single_publisher: bool = False,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._address = read_target_address(url)
        self._token = token
        self._single = single_publisher
        self._ssl = ssl_context
        self._kept = threading.local()
        self._all: list[HTTPConnection] = []
        self._proven: dict[str, float] = {}

    @property
    def place(self) -> str:
        return str(self._address)

    def read(self, path: str, most: int) -> Stored | None:
        answer = self._ask("GET", path, most=most)
        if answer.status in (404, 410):
            return None
        self._expect(answer, path, 200)
        tag = answer.headers.get("etag", "")
        strong = tag.startswith('"')
        if not strong and not self._single:
            raise Unconditional(
                f"{self.place}/{path} comes with {'the weak ETag ' + tag if tag else 'no ETag'}, "
                "so it cannot be replaced under a condition",
                _SINGLE,
            )
        return Stored(answer.body, tag if strong else "*")

    def create(self, path: str, data: bytes) -> bool:
        answer = self._ask("PUT", path, data, {"If-None-Match": "*"})
        if answer.status != 412:
            self._expect(answer, path, 200, 201, 204)
            return True
        there = self._ask("GET", path, most=len(data) + _MOST_ANSWER)
        if there.status != 200 or there.body != data:  # left half-written, or damaged
            self.write(path, data)
        return False

    def write(self, path: str, data: bytes) -> None:
        self._expect(self._ask("PUT", path, data), path, 200, 201, 204)

    def replace(self, path: str, data: bytes, condition: str | None) -> None:
        under = {"If-None-Match": "*"} if condition is None else {"If-Match": condition}
        answer = self._ask("PUT", path, data, {} if self._single else under)
        if answer.status in _FAILED and not self._single:
            raise Lost(f"{self.place}/{path} was replaced by somebody else")
        self._expect(answer, path, 200, 201, 204)

    def list(self, folder: str) -> None:
        """There is no listing."""

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            answer = self._ask("DELETE", path)
            if answer.status not in (404, 410):
                self._expect(answer, path, 200, 202, 204)

    def prove(self, folder: str) -> None:
        """Ask the server to break each condition once, on a file of no meaning."""
        if self._single or time.monotonic() < self._proven.get(folder, 0.0):
            return
        probe = f"{folder}/probe-{secrets.token_hex(8)}.json"
        try:
            self._must_fail(probe, {"If-Match": _NOBODY}, "If-Match, where there is no file")
            made = self._ask("PUT", probe, b"{}", {"If-None-Match": "*"})
            self._expect(made, probe, 200, 201, 204)
            self._must_fail(probe, {"If-None-Match": "*"}, "If-None-Match")
            self._must_fail(probe, {"If-Match": _NOBODY}, "If-Match")
            self.read(probe, _MOST_ANSWER)
        finally:
            self._ask("DELETE", probe)
        self._proven[folder] = time.monotonic() + _PROVEN_FOR

    def close(self) -> None:
        for each in self._all:
            each.close()
        self._all.clear()
        self._kept = threading.local()

    def _must_fail(self, path: str, condition: Mapping[str, str], what: str) -> None:
        answer = self._ask("PUT", path, b"{}", condition)
        if 200 <= answer.status < 300:
            raise Unconditional(
                f"{self.place} ignores {what}: two publishers could undo each other's work there",
                _SINGLE,
            )
        if answer.status not in _FAILED:
            self._expect(answer, path, 412)

    def _expect(self, answer: Answer, path: str, *statuses: int) -> None:
        """Raise the TargetError that an answer other than these stands for."""
        status = answer.status
        if status in statuses:
            return
        where = f"{self.place}/{path}: the server answers {status}"
        if status in (401, 403):
            raise Denied(where, "name a token with --token-file or BURGEE_PUBLISH_TOKEN")
        if status in _TROUBLE or status >= 500:
            raise Unavailable(where, after=retry_after(answer.headers))
        if 300 <= status < 400:
            raise Unusable(where, "redirects are not followed: name the final address")
        if status in (404, 409):
            raise Unusable(
                where, "it has to make folders by itself (nginx: create_full_put_path on)"
            )
        raise Unusable(where, "it has to take GET, PUT and DELETE")

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        most: int = _MOST_ANSWER,
    ) -> Answer:
        try:
            connection = self._connection(len(body or b""))
            return self._answer(connection, method, path, body, headers or {}, most)
        except TargetError:
            self._drop()
            raise
        except ssl.SSLCertVerificationError as error:
            self._drop()
            raise Unusable(
                f"{self.place}: its certificate is not trusted: {error.verify_message}",
                "let SSL_CERT_FILE name the authority's certificate",
            ) from error
        except (OSError, HTTPException) as error:
            self._drop()
            text = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Unavailable(f"{self.place} cannot be asked: {text}") from error

    def _answer(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        most: int,
    ) -> Answer:
        until = time.monotonic() + _ANSWER + (len(body or b"") + most) / _SLOWEST
        connection.response_class = partial(Timed, until=until)  # type: ignore[assignment]
        sent = {"Content-Type": "application/json", **headers, **self._authorization()}
        connection.request(method, f"{self._address.prefix}/{quote(path)}", body, sent)
        assert connection.sock is not None
        connection.sock.settimeout(_ANSWER)
        response = connection.getresponse()
        parts: list[bytes] = []
        size = 0
        while part := response.read(_CHUNK):
            size += len(part)
            if size > most:
                raise Unusable(f"{self.place}/{path} has over {most} bytes")
            parts.append(part)
        if response.length:
            raise ConnectionError(f"{response.length} bytes of the answer never came")
        if response.will_close:
            self._drop()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, b"".join(parts))

    def _connection(self, size: int) -> HTTPConnection:
        """Return this thread's connection, with time enough to send so many bytes."""
        kept: HTTPConnection | None = getattr(self._kept, "connection", None)
        if kept is None:
            host, port = self._address.host, self._address.port
            if self._address.scheme == "https":
                self._ssl = self._ssl or ssl.create_default_context()
                kept = HTTPSConnection(host, port, timeout=_CONNECT, context=self._ssl)
            else:
                kept = HTTPConnection(host, port, timeout=_CONNECT)
            kept.connect()
            self._all.append(kept)
            self._kept.connection = kept
        assert kept.sock is not None
        kept.sock.settimeout(_CONNECT + size / _SLOWEST)
        return kept

    def _drop(self) -> None:
        kept: HTTPConnection | None = getattr(self._kept, "connection", None)
        if kept is not None:
            self._kept.connection = None
            self._all.remove(kept)
            kept.close()

    def _authorization(self) -> Mapping[str, str]:
        token = self._token()
        if not token:
            return {}
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise Denied("the token has a character that no header takes")
        return {"Authorization": f"Bearer {token}"}


def read_target_address(url: str) -> Address:
    """Read the URL of a web server; Unusable where it is none, or holds a secret."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Unusable(f"this is no URL: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise Unusable(  # the URL is not repeated: it would end up in a log
            "a URL with a name or password in it would be logged",
            "put the token into a file and name it with --token-file, or set BURGEE_PUBLISH_TOKEN",
        )
    if parts.query or parts.fragment or not parts.hostname:
        raise Unusable("a target's URL has a host and a path, no query and no fragment")
    port = port or (443 if parts.scheme == "https" else 80)
    return Address(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))
