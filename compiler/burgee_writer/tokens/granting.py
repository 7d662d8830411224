"""What a client that has shown its key is granted: no more than its line, and what it asked for."""

from hmac import compare_digest
from typing import Final

from burgee_http.client_keys import key_digest
from burgee_http.clients import Clients, mark_of
from burgee_http.principal import SCOPES, TENANT_OR_ALL, Principal
from burgee_writer.tokens.asked import Asked, TokenRefusal
from burgee_writer.tokens.issuer import Grant

__all__ = ["granted"]

_AUDIENCES: Final = ("edge", "writer")
_NOBODY: Final = bytes(32)


def granted(asked: Asked, clients: Clients) -> Grant:
    """Return what the token is to say; raises TokenRefusal."""
    digest, client = _client(asked, clients)
    if client.browser:
        raise TokenRefusal("unauthorized_client", "A browser's key is public, and is its token.")
    if asked.audience not in _AUDIENCES:
        raise TokenRefusal("invalid_target", "The audience is edge or writer, and never both.")
    return Grant(
        subject=client.subject,
        audience=asked.audience,
        scopes=_scopes(asked, client),
        tenants=_tenants(asked, client),
        environments=None if client.environments is None else tuple(sorted(client.environments)),
        key_mark=mark_of(digest),
    )


def _client(asked: Asked, clients: Clients) -> tuple[bytes, Principal]:
    """The client whose key was shown. Time tells neither of keys nor whether there is a client."""
    shown, found = key_digest(asked.secret), None
    keys = clients.keys_of(asked.client_id)
    for digest, principal in keys:
        if compare_digest(shown, digest):
            found = digest, principal
    if not keys:
        compare_digest(shown, _NOBODY)
    if found is None:
        raise TokenRefusal("invalid_client", "The client or its secret is not known.", 401)
    return found


def _scopes(asked: Asked, client: Principal) -> tuple[str, ...]:
    if not client.scopes.issuperset(asked.scopes):
        raise TokenRefusal("invalid_scope", "The client does not have each scope that it asks for.")
    wanted = asked.scopes or client.scopes
    return tuple(scope for scope in SCOPES if scope in wanted)


def _tenants(asked: Asked, client: Principal) -> tuple[str, ...]:
    for tenant in asked.tenants:
        if not TENANT_OR_ALL.fullmatch(tenant) or not client.grants(tenant):
            raise TokenRefusal("invalid_scope", "The client does not have each tenant it asks for.")
    return tuple(sorted(asked.tenants or client.tenants))
