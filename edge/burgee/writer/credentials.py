"""Who calls: a token, what gives one, or credentials that a token is fetched with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct

from burgee.writer.errors import Unauthorized
from burgee.writer.plain import encode

if TYPE_CHECKING:
    from burgee.writer.wire import Answer

__all__ = ["ClientCredentials", "Credentials", "Tokens"]

_EARLY: Final = 60.0
"""Seconds before its end from which on a token is not used any more."""


class ClientCredentials(Struct, frozen=True):
    """A client's id and secret, which a token is fetched with; the secret is never shown."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"ClientCredentials(id={self.id!r}, secret=…)"


Credentials: TypeAlias = str | Callable[[], str] | ClientCredentials | None
Fetch: TypeAlias = "Callable[[bytes], Answer]"
"""Asks for a token, with a body; errors of the writer's are raised."""


class Tokens:
    """Gives the present token; fetched ones are kept until shortly before their end."""

    def __init__(self, credentials: Credentials, fetch: Fetch) -> None:
        self._credentials = credentials
        self._fetch = fetch
        self._token = ""
        self._until = 0.0
        self._lock = threading.Lock()

    @property
    def can_renew(self) -> bool:
        """Whether a token that was refused can be replaced."""
        return isinstance(self._credentials, ClientCredentials)

    def present(self) -> str:
        """Return the token, empty where there is none."""
        known = self._credentials
        if isinstance(known, ClientCredentials):
            with self._lock:
                if time.monotonic() >= self._until:
                    self._renew(known)
                return self._token
        return known() if callable(known) else known or ""

    def drop(self, token: str) -> None:
        """Have a token that was refused replaced."""
        with self._lock:
            if token == self._token:
                self._until = 0.0

    def _renew(self, known: ClientCredentials) -> None:
        asked = {
            "grant_type": "client_credentials",
            "client_id": known.id,
            "client_secret": known.secret,
        }
        body: Any = self._fetch(encode(asked)).body
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise Unauthorized(None, "no_token", "the writer gave no token")
        seconds = body.get("expires_in")
        lasts = float(seconds) if isinstance(seconds, int | float) else _EARLY * 2
        self._token = token
        self._until = time.monotonic() + max(lasts - _EARLY, lasts / 2)
