"""Making tokens: JWTs under EdDSA, which name their client, its key, and what they allow."""

import secrets
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jwt
from msgspec import Struct

from burgee_http.json_text import encode_json
from burgee_writer.options import Options
from burgee_writer.tokens.keys import TokenKeys
from burgee_writer.tokens.schedule import Plan, TokenKey

__all__ = ["Grant", "Issued", "Issuer", "make_issuer"]

_DAY: Final = 86_400


class Grant(Struct, frozen=True, kw_only=True):
    """What a token is to say. `key_mark` names the client's key that it is made for."""

    subject: str
    audience: str
    scopes: tuple[str, ...]
    tenants: tuple[str, ...]
    environments: tuple[str, ...] | None
    key_mark: str


class Issued(Struct, frozen=True):
    """A token, its id, and for how many seconds it is good."""

    token: str
    id: str
    seconds: int


class Issuer:
    """`name` is the `iss` of its tokens. OSError or ValueError where the folder of keys cannot be
    used.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        token_seconds: int = 21_600,
        key_days: float = 30,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._seconds = token_seconds
        self._clock = clock
        self.keys = TokenKeys(folder, Plan(token_seconds, round(key_days * _DAY)), clock)

    def issue(self, grant: Grant) -> Issued:
        """Make a token that is good from now on."""
        kid, private = self.keys.signing()
        now, token_id = int(self._clock()), secrets.token_urlsafe(16)
        claims: dict[str, Any] = {
            "iss": self.name,
            "sub": grant.subject,
            "aud": grant.audience,
            "iat": now,
            "exp": now + self._seconds,
            "jti": token_id,
            "scopes": grant.scopes,
            "tenants": grant.tenants,
            "key_mark": grant.key_mark,
        }
        if grant.environments is not None:
            claims["environments"] = grant.environments
        token = jwt.encode(claims, private, "EdDSA", headers={"kid": kid})
        return Issued(token, token_id, self._seconds)

    def jwks(self) -> bytes:
        """Return the public keys (RFC 7517): of tokens that may still be good, and the next one."""
        return _jwks(self.keys.published())

    def rotate(self) -> float:
        """Let the next key sign before its time; returns when it does, in seconds since 1970."""
        return self.keys.rotate()


@lru_cache(maxsize=4)
def _jwks(keys: tuple[TokenKey, ...]) -> bytes:
    shown = [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": key.kid,
            "x": key.x,
        }
        for key in keys
    ]
    return encode_json({"keys": shown})


def make_issuer(options: Options, clock: Callable[[], float] = time.time) -> Issuer:
    """Return the issuer of a writer, its keys in the state folder; ValueError that names it."""
    folder = options.state_dir / "tokens"
    try:
        return Issuer(
            folder,
            options.token_issuer,
            token_seconds=options.token_seconds,
            key_days=options.token_key_days,
            clock=clock,
        )
    except OSError as error:
        raise ValueError(f"--state-dir {folder}: {error.strerror or error}") from error
