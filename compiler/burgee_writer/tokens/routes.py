"""`POST /v1/auth/token` (RFC 6749, 4.4) and `GET /.well-known/jwks.json` (RFC 7517).

Errors of the first have the form of RFC 6749, 5.2, since that is what OAuth libraries read: a
string in `error`, where the native API has an object.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Final

import structlog
from starlette.routing import Route

from burgee_http.authentication import Authenticator
from burgee_http.call import JSON, Call, Reply
from burgee_http.clients import Clients
from burgee_http.endpoint import route
from burgee_http.errors import ApiError
from burgee_http.etags import matches
from burgee_http.json_text import encode_json
from burgee_http.principal import Rate
from burgee_http.rate import RateLimiter
from burgee_writer.tokens.asked import Asked, TokenRefusal, read_asked
from burgee_writer.tokens.granting import granted
from burgee_writer.tokens.issuer import Grant, Issuer
from burgee_writer.tokens.schedule import MAX_AGE

__all__ = ["JWKS_PATH", "TOKEN_PATH", "token_routes"]

TOKEN_PATH: Final = "/v1/auth/token"  # noqa: S105  a path
JWKS_PATH: Final = "/.well-known/jwks.json"

# How often somebody may be wrong, for one client and for all of them.
_OF_ONE: Final = Rate(per_second=0.5, burst=10)
_OF_ALL: Final = Rate(per_second=10, burst=100)
_ALL: Final = "all"

_NEVER_KEPT: Final = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_CHALLENGE: Final = (b"www-authenticate", b'Basic realm="burgee", charset="UTF-8"')

_log = structlog.get_logger("burgee.tokens")


def token_routes(
    issuer: Issuer,
    authenticator: Authenticator | None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> list[Route]:
    """Return the two routes. Without an authenticator, or a clients file, nobody gets a token."""
    tokens = _Tokens(issuer, authenticator, RateLimiter(clock))

    def jwks(call: Call) -> Reply:
        return _jwks(issuer, call)

    return [route(TOKEN_PATH, tokens.answer, ("POST",)), route(JWKS_PATH, jwks)]


class _Tokens:
    def __init__(
        self, issuer: Issuer, authenticator: Authenticator | None, limiter: RateLimiter
    ) -> None:
        self._issuer = issuer
        self._authenticator = authenticator
        self._limiter = limiter

    def answer(self, call: Call) -> Reply:
        try:
            asked = read_asked(call)
            grant = self._grant(asked)
        except TokenRefusal as refusal:
            _log.info("token refused", reason=refusal.code, request_id=call.request_id)
            return _error(call, refusal.status, refusal.code, refusal.description)
        except ApiError as error:
            return _error(call, error.status, error.code, error.message, error.headers)
        issued = self._issuer.issue(grant)
        _log.info(
            "token issued",
            subject=grant.subject,
            audience=grant.audience,
            jti=issued.id,
            request_id=call.request_id,
        )
        body = {
            "access_token": issued.token,
            "token_type": "bearer",
            "expires_in": issued.seconds,
            "scope": " ".join(grant.scopes),
        }
        return Reply(200, encode_json(body), (JSON, *_NEVER_KEPT))

    def _grant(self, asked: Asked) -> Grant:
        """Count each try as wrong, until it is known to be right: so guessing is bounded, and
        clients that show their own keys are not.
        """
        one = f"client {asked.client_id[:128]}"
        self._limiter.spend(one, _OF_ONE)
        try:
            self._limiter.spend(_ALL, _OF_ALL)
            grant = granted(asked, self._clients())
        except TokenRefusal as refusal:
            if refusal.code != "invalid_client":  # it has shown its key
                self._refund(one)
            raise
        except ApiError:
            self._limiter.refund(one, _OF_ONE)
            raise
        self._refund(one)
        return grant

    def _refund(self, one: str) -> None:
        self._limiter.refund(one, _OF_ONE)
        self._limiter.refund(_ALL, _OF_ALL)

    def _clients(self) -> Clients:
        followed = None if self._authenticator is None else self._authenticator.clients
        if followed is None:
            return Clients({}, frozenset())
        followed.follow()
        return followed.value


def _error(
    call: Call,
    status: int,
    code: str,
    description: str,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Reply:
    body = {"error": code, "error_description": description, "request_id": call.request_id}
    if status == 401:
        headers = (*headers, _CHALLENGE)
    return Reply(status, encode_json(body), (JSON, *_NEVER_KEPT, *headers))


def _jwks(issuer: Issuer, call: Call) -> Reply:
    body = issuer.jwks()
    etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
    kept = ((b"etag", etag), (b"cache-control", b"public, max-age=%d" % MAX_AGE))
    if matches(call.headers.get(b"if-none-match", b""), etag):
        return Reply(304, headers=kept)
    return Reply(200, body, (JSON, *kept))
