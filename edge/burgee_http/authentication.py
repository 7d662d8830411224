"""From the headers of a request to a principal, remembering what has been verified."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from burgee_http.client_keys import key_digest
from burgee_http.clients import Clients
from burgee_http.errors import ApiError
from burgee_http.followed_file import FollowedFile
from burgee_http.jwks_url import JwksUrl
from burgee_http.jwt_tokens import JwtVerifier, TokenRefused, Verified
from burgee_http.principal import Principal, Rate

__all__ = ["Authenticator", "Known", "presented_token"]

_MOST_REMEMBERED = 4096
_LOOK_SECONDS = 1.0
_FOREVER = float("inf")


class Known(msgspec.Struct, frozen=True, eq=False):
    """Principals by token, each with the time at which it ends."""

    tokens: dict[bytes, tuple[Principal, float]]


class _Source(Protocol):
    @property
    def generation(self) -> int: ...

    def follow(self) -> bool: ...


class Authenticator:
    """Checks tokens. What it remembers ends at a token's expiry, and at once when a clients file
    or a set of keys changes, since that is how tokens are revoked.

    `own_issuer` is the `iss` of tokens that are made here for clients of the file: each ends with
    the key that it was made for, and allows nothing that the client's line allows no more. `rate`
    is for whoever has none of their own.
    """

    def __init__(
        self,
        *,
        clients: FollowedFile[Clients] | None = None,
        jwt: JwtVerifier | None = None,
        own_issuer: str | None = None,
        rate: Rate | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.clients = clients
        self._jwt = jwt
        self._own_issuer = own_issuer
        self._rate = rate
        self.clock = clock
        self._keys = () if jwt is None else jwt.sources
        self._sources: tuple[_Source, ...] = self._keys
        if clients is not None:
            self._sources = (clients, *self._keys)
        self._known = Known({})
        self._generations = [each.generation for each in self._sources]

    def principal(self, headers: Mapping[bytes, bytes]) -> Principal:
        """Raises ApiError 401."""
        return self.verified(headers)[0]

    def until(self, headers: Mapping[bytes, bytes]) -> float:
        """When what is presented expires, in seconds since 1970; raises ApiError 401."""
        return self.verified(headers)[1]

    def verified(self, headers: Mapping[bytes, bytes]) -> tuple[Principal, float]:
        """Both; good for no longer than `known()` is what it was before."""
        token = presented_token(headers)
        if token is None:
            raise _unauthenticated("unauthenticated", "A token or client key is needed.")
        known = self.known()  # a change meanwhile, in another thread, puts a new one in its place
        found = known.tokens.get(token)
        if found is not None and self.clock() < found[1]:
            return found
        found = self._verify(token)
        if len(known.tokens) >= _MOST_REMEMBERED:
            known.tokens.clear()
        known.tokens[token] = found
        return found

    def known(self) -> "Known":
        """What has been verified: another object once clients or keys have changed, so that
        whoever remembers more than is in it can tell.
        """
        for number, source in enumerate(self._sources):
            source.follow()
            if source.generation != self._generations[number]:
                self._generations[number] = source.generation
                self._known = Known({})
        return self._known

    def refused(self) -> dict[str, bool]:
        """Whether what clients and keys come from cannot be used now, and an earlier one is."""
        self.known()
        refused = {} if self.clients is None else {"clients": self.clients.refused}
        if self._keys:
            refused["keys"] = any(keys.refused for keys in self._keys)
        return refused

    async def watch(self) -> None:
        """Look though nobody asks, so that the log tells of a bad file when it is put there; and
        fetch the keys that come from a URL.
        """
        fetched = [keys.run() for keys in self._keys if isinstance(keys, JwksUrl)]
        await asyncio.gather(self._look(), *fetched)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.known()

    def _verify(self, token: bytes) -> tuple[Principal, float]:
        principal, until = self._verify_kind(token)
        if principal.rate is None and self._rate is not None:
            principal = msgspec.structs.replace(principal, rate=self._rate)
        return principal, until

    def _verify_kind(self, token: bytes) -> tuple[Principal, float]:
        if token.count(b".") == 2:
            if self._jwt is None:
                raise _refused("This server takes no JWTs.")
            return self._verify_jwt(self._jwt, token)
        if self.clients is not None:
            # A look-up of the digest: nothing about the key can be learnt from its time.
            found = self.clients.value.principals.get(key_digest(token))
            if found is not None:
                return found, _FOREVER
        raise _refused("The client key is unknown or revoked.")

    def _verify_jwt(self, verifier: JwtVerifier, token: bytes) -> tuple[Principal, float]:
        try:
            verified = verifier.verify(token.decode("ascii"))
        except UnicodeDecodeError:
            raise _refused("The token is not valid.") from None
        except TokenRefused as refusal:
            raise _refused(str(refusal)) from None
        revoked = frozenset[str]() if self.clients is None else self.clients.value.revoked
        if verified.principal.subject in revoked or verified.token_id in revoked:
            raise _refused("The token has been revoked.")
        principal = verified.principal
        if self._own_issuer is not None and verified.issuer == self._own_issuer:
            principal = self._as_of_now(verified)
        return principal, verified.expires

    def _as_of_now(self, verified: Verified) -> Principal:
        """Who holds a token that was made here, no further than their line in the file allows."""
        subject, line = verified.principal.subject, None
        if self.clients is not None:
            line = self.clients.value.marked(subject, verified.key_mark)
        if line is None:
            raise _refused("The token's client, or the key it was made for, is no more.")
        return verified.principal.within(line)


def presented_token(headers: Mapping[bytes, bytes]) -> bytes | None:
    """`Authorization: Bearer` wins over `X-API-Key`; its other schemes are not ours."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() == b"bearer":
            return token.strip()
    key = headers.get(b"x-api-key")
    return None if key is None else key.strip()


def _unauthenticated(code: str, message: str, challenge: bytes = b"Bearer") -> ApiError:
    return ApiError(401, code, message, headers=((b"www-authenticate", challenge),))


def _refused(message: str) -> ApiError:
    return _unauthenticated("invalid_token", message, b'Bearer error="invalid_token"')
