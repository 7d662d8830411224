"""JWTs: the checks between the text of a token and a principal."""

from collections.abc import Mapping
from typing import Any, Protocol

import jwt
import msgspec

from burgee_http.errors import ApiError, TryAgain
from burgee_http.jwks import ALGORITHMS, KeySet
from burgee_http.principal import TENANT_OR_ALL, Principal, expand_scopes

__all__ = ["JwtVerifier", "Keys", "TokenRefused", "Verified"]

AUDIENCES = frozenset({"edge", "writer"})
LEAST_SECRET_BYTES = 32
_LEEWAY_SECONDS = 5.0
# PyJWT takes a list that merely holds the audience; here one audience excludes the other.
_OPTIONS: Any = {"require": ["exp", "sub", "aud"], "verify_aud": False}


class Keys(Protocol):
    """Where public keys come from: a FollowedFile[KeySet] or a JwksUrl."""

    @property
    def value(self) -> KeySet: ...

    @property
    def generation(self) -> int: ...

    @property
    def refused(self) -> bool: ...

    def follow(self) -> bool: ...


class _Askable(Protocol):
    def may_ask(self) -> bool: ...

    async def ask(self) -> None: ...


class TokenRefused(Exception):
    """Why a token was not taken. The text may be shown to the caller."""


class Verified(msgspec.Struct, frozen=True):
    """`key_mark` names the client's key that the token was made for, in the writer's own tokens."""

    principal: Principal
    token_id: str | None
    expires: float
    issuer: str | None = None
    key_mark: str | None = None


class KeyUnknown(TryAgain):
    """The token names a key that may have been published since the last fetch."""

    def __init__(self, keys: _Askable) -> None:
        challenge = ((b"www-authenticate", b'Bearer error="invalid_token"'),)
        unknown = ApiError(401, "invalid_token", "The token's key is unknown.", headers=challenge)
        super().__init__(unknown, keys.ask)


class JwtVerifier:
    """Takes the tokens of one issuer (`keys`, and `issuer` where its name must stand in them), or
    of several (`issuers`, by name). A token is tried against the keys of its own `iss` alone.
    """

    def __init__(
        self,
        *,
        audience: str = "edge",
        issuer: str | None = None,
        keys: Keys | None = None,
        issuers: Mapping[str, Keys] | None = None,
        shared_secret: bytes | None = None,
    ) -> None:
        if issuers and (keys is not None or issuer is not None or shared_secret is not None):
            raise ValueError("several issuers are all named, and none of them shares a secret")
        if shared_secret is not None and audience == "writer":
            raise ValueError("a shared secret is for edge nodes only")
        if shared_secret is not None and len(shared_secret) < LEAST_SECRET_BYTES:
            raise ValueError(f"the shared secret has fewer than {LEAST_SECRET_BYTES} bytes")
        self._audience = audience
        self._issuer = issuer
        self._keys = keys
        self._issuers = issuers
        self._secret = shared_secret
        one = () if keys is None else (keys,)
        self.sources = tuple(issuers.values()) if issuers else one

    def verify(self, token: str) -> Verified:
        """Raises TokenRefused, or KeyUnknown where a later try may find the key."""
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if "crit" in header:
                raise TokenRefused("The token has critical headers, which are not understood.")
            if algorithm == "HS256" and self._secret is not None:
                return self._shared(self._claims(token, self._secret, "HS256", self._issuer))
            issuer, keys = self._issuer_of(token)
            key = _key(header, algorithm, keys)
            return self._read(self._claims(token, key, str(algorithm), issuer), self._audience)
        except jwt.ExpiredSignatureError:
            raise TokenRefused("The token has expired.") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise TokenRefused("The token is not valid.") from None

    def _issuer_of(self, token: str) -> tuple[str | None, Keys | None]:
        """Whose keys a token is to be tried against; the signature covers what this goes by."""
        if not self._issuers:
            return self._issuer, self._keys
        unverified = jwt.decode(token, options={"verify_signature": False})
        issuer = unverified.get("iss")
        keys = self._issuers.get(issuer) if isinstance(issuer, str) else None
        if keys is None:
            raise TokenRefused("The token is of an issuer that is not known here.")
        return issuer, keys

    def _claims(
        self, token: str, key: Any, algorithm: str, issuer: str | None
    ) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key=key,
            algorithms=[algorithm],
            options=_OPTIONS,
            issuer=issuer,
            leeway=_LEEWAY_SECONDS,
        )
        return claims

    def _shared(self, claims: Mapping[str, Any]) -> Verified:
        # Whoever holds the secret can make tokens, edge nodes included: so these may only evaluate.
        if _scopes(claims) != ["evaluate"]:
            raise TokenRefused("A token under a shared secret may only have the scope evaluate.")
        return self._read(claims, "edge")

    def _read(self, claims: Mapping[str, Any], audience: str) -> Verified:
        named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if {a for a in named if a in AUDIENCES or a == audience} != {audience}:
            raise TokenRefused("The token is for another audience.")
        subject, expires = claims["sub"], claims["exp"]
        if not subject or isinstance(expires, bool) or not isinstance(expires, int | float):
            raise TokenRefused("The token's sub or exp is not valid.")
        environments = _names(claims, "environments")
        browser, token_id = claims.get("browser", False), claims.get("jti")
        if not isinstance(browser, bool):
            raise TokenRefused("The token's browser is not true or false.")
        principal = Principal(
            subject=subject,
            kind="jwt",
            scopes=frozenset({"evaluate"}) & expand_scopes(_scopes(claims))
            if browser
            else expand_scopes(_scopes(claims)),
            tenants=frozenset(filter(TENANT_OR_ALL.fullmatch, _names(claims, "tenants") or ())),
            environments=None if environments is None else frozenset(environments),
            browser=browser,
        )
        issuer, mark = claims.get("iss"), claims.get("key_mark")
        return Verified(principal, token_id, float(expires), issuer, mark)


def _key(header: Mapping[str, Any], algorithm: object, keys: Keys | None) -> Any:
    kid = header.get("kid")
    if algorithm not in ALGORITHMS or keys is None:
        raise TokenRefused("The token's algorithm is not accepted here.")
    if kid is not None and not isinstance(kid, str):
        raise TokenRefused("The token's key id is no string.")
    keys.follow()
    found = keys.value.find(kid, str(algorithm))
    if found is not None:
        return found.key
    ask: Any = keys
    if hasattr(ask, "may_ask") and ask.may_ask():
        raise KeyUnknown(ask)
    raise TokenRefused("The token's key is unknown.")


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    """`scopes`, a list, or `scope`, separated by spaces."""
    listed = _names(claims, "scopes")
    if listed is not None:
        return listed
    text = claims.get("scope", "")
    if not isinstance(text, str):
        raise TokenRefused("The token's scope is no string.")
    return text.split()


def _names(claims: Mapping[str, Any], name: str) -> list[str] | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TokenRefused(f"The token's {name} is no list of strings.")
    return value
