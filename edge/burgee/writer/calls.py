"""Calls that are made until they are answered: the same write twice is one commit, by its key."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

from burgee.writer.credentials import Credentials, Tokens
from burgee.writer.errors import Unreachable, WriterError, error_of
from burgee.writer.plain import encode

if TYPE_CHECKING:
    import ssl

    from burgee.writer.wire import Answer

__all__ = ["Calls", "segments"]

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_AGAIN: Final = frozenset((429, 502, 503, 504))
_AGENT: Final = "burgee-python"


class Calls:
    """Asks one writer on behalf of one tenant; may be used from several threads."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        tenant: str | None,
        *,
        timeout: float,
        retry_seconds: float,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        from burgee.client.http import read_address  # noqa: PLC0415  brings http.client and ssl
        from burgee.writer.wire import Wire  # noqa: PLC0415

        self._wire = Wire(read_address(url), timeout, ssl_context)
        self._retry_seconds = retry_seconds
        self._headers = {"User-Agent": _AGENT, "Accept": "application/json"}
        if tenant is not None:
            self._headers["X-Tenant-ID"] = tenant
        self._tokens = Tokens(credentials, self._fetch_token)

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Answer:
        """Return the answer to a GET; WriterError for any that is no success."""
        return self._until_answered(
            None,
            lambda token: self._wire.ask("GET", _with(path, query), self._headers, None, token),
        )

    def write(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Return the answer to a write; WriterError for any that is no success."""
        key = idempotency_key or str(uuid4())
        named = {**self._headers, **(headers or {}), "Idempotency-Key": key}
        data = None
        if body is not None:
            data = encode(body)
            named["Content-Type"] = "application/json"
        whole = _with(path, query)
        return self._until_answered(
            key, lambda token: self._wire.ask(method, whole, named, data, token)
        )

    def _fetch_token(self, body: bytes) -> Answer:
        headers = {"User-Agent": _AGENT, "Content-Type": "application/json"}
        answer = self._wire.ask("POST", "/v1/auth/token", headers, body, "")
        if answer.status >= 300:
            raise _error(answer, None)
        return answer

    def _until_answered(self, key: str | None, ask: Callable[[str], Answer]) -> Answer:
        until = time.monotonic() + self._retry_seconds
        tries, renewed, lost = 0, False, False
        while True:
            token, error = "", None
            try:
                token = self._tokens.present()
            except WriterError as raised:
                error = raised
            if error is None:
                found = _asked(ask, token, key)
                if not isinstance(found, WriterError):
                    return found
                error = found
            if error.status == 401 and token and self._tokens.can_renew and not renewed:
                renewed = True
                self._tokens.drop(token)
                continue
            tries += 1
            pause = _pause(error, tries)
            lost = lost or error.outcome_unknown
            if pause is None or time.monotonic() + pause > until:
                # After a try that was lost, only an answer about the write itself says what is.
                error.lost = lost and (pause is not None or error.status in (None, 401, 403))
                raise error
            time.sleep(pause)


def _asked(ask: Callable[[str], Answer], token: str, key: str | None) -> Answer | WriterError:
    try:
        answer = ask(token)
    except Unreachable as error:
        error.idempotency_key = key
        return error
    return answer if answer.status < 300 else _error(answer, key)


def segments(*names: str) -> str:
    """Return names as parts of a path, whatever is in them."""
    return "/".join(
        quote(name, safe="") if name.strip(".") else name.replace(".", "%2E") for name in names
    )


def _with(path: str, query: Mapping[str, object] | None) -> str:
    given = [(name, value) for name, value in (query or {}).items() if value is not None]
    named = [
        (name, str(value).lower() if isinstance(value, bool) else value) for name, value in given
    ]
    return f"{path}?{urlencode(named)}" if named else path


def _error(answer: Answer, key: str | None) -> WriterError:
    from burgee.client.http import retry_after  # noqa: PLC0415

    error = error_of(answer.status, answer.body, key)
    error.retry_after = retry_after(answer.headers)
    return error


def _pause(error: WriterError, tries: int) -> float | None:
    """Return how long to wait before a call is made again, None where that is of no use."""
    again = isinstance(error, Unreachable) and error.code != "certificate"
    if not again and error.status not in _AGAIN:
        return None
    if error.retry_after is not None:
        return error.retry_after
    longest = min(_FIRST_PAUSE * 2.0 ** min(tries - 1, 30), _LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)  # noqa: S311  no secret
