"""From the headers of a request to a principal, remembering what has been verified."""

import time
from collections.abc import Callable, Mapping

from burgee_http.client_keys import key_digest
from burgee_http.clients import Clients
from burgee_http.errors import ApiError
from burgee_http.followed_file import FollowedFile
from burgee_http.jwt_tokens import JwtVerifier, TokenRefused
from burgee_http.principal import Principal

__all__ = ["Authenticator", "presented_token"]

_MOST_REMEMBERED = 4096
_FOREVER = float("inf")


class Authenticator:
    """Checks tokens. What it remembers ends at a token's expiry, and at once when a clients file
    or a set of keys changes, since that is how tokens are revoked.
    """

    def __init__(
        self,
        *,
        clients: FollowedFile[Clients] | None = None,
        jwt: JwtVerifier | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clients = clients
        self._jwt = jwt
        self._clock = clock
        self._known: dict[bytes, tuple[Principal, float]] = {}
        self._generation = self._generations()

    def principal(self, headers: Mapping[bytes, bytes]) -> Principal:
        """Raises ApiError 401."""
        return self.verified(headers)[0]

    def verified(self, headers: Mapping[bytes, bytes]) -> tuple[Principal, float]:
        """The same, with when it expires, in seconds since 1970."""
        token = presented_token(headers)
        if token is None:
            raise _unauthenticated("unauthenticated", "A token or client key is needed.")
        self._follow()
        known = self._known  # a change meanwhile, in another thread, puts a new one in its place
        found = known.get(token)
        if found is not None and self._clock() < found[1]:
            return found
        verified = self._verify(token)
        if len(known) >= _MOST_REMEMBERED:
            known.clear()
        known[token] = verified
        return verified

    def _follow(self) -> None:
        if self._clients is not None:
            self._clients.follow()
        if self._jwt is not None and self._jwt.keys is not None:
            self._jwt.keys.follow()
        generation = self._generations()
        if generation != self._generation:
            self._generation = generation
            self._known = {}

    def _generations(self) -> tuple[int, int]:
        keys = None if self._jwt is None else self._jwt.keys
        return (
            0 if self._clients is None else self._clients.generation,
            0 if keys is None else keys.generation,
        )

    def _verify(self, token: bytes) -> tuple[Principal, float]:
        if token.count(b".") == 2:
            if self._jwt is None:
                raise _refused("This server takes no JWTs.")
            return self._verify_jwt(self._jwt, token)
        if self._clients is not None:
            # A look-up of the digest: nothing about the key can be learnt from its time.
            found = self._clients.value.principals.get(key_digest(token))
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
        revoked = frozenset[str]() if self._clients is None else self._clients.value.revoked
        if verified.principal.subject in revoked or verified.token_id in revoked:
            raise _refused("The token has been revoked.")
        return verified.principal, verified.expires


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
