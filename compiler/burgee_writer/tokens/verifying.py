"""Who is let in at the writer: clients of its file, its own tokens, an identity provider's."""

import time
from collections.abc import Callable

from burgee_http.authentication import Authenticator
from burgee_http.clients import parse_clients
from burgee_http.credentials import follow_file, follow_keys
from burgee_http.jwt_tokens import JwtVerifier, Keys
from burgee_writer.options import Options
from burgee_writer.tokens.issuer import Issuer

__all__ = ["AUDIENCE", "make_authenticator"]

AUDIENCE = "writer"


def make_authenticator(
    options: Options, issuer: Issuer, clock: Callable[[], float] = time.time
) -> Authenticator | None:
    """Return what checks tokens, None where everybody is let in; ValueError where a file that the
    settings name cannot be used.
    """
    if options.insecure:
        return None
    clients = None
    if options.clients is not None:
        clients = follow_file("--clients", options.clients, parse_clients)
    issuers: dict[str, Keys] = {issuer.name: issuer.keys}
    if options.jwks is not None and options.issuer is not None:
        issuers[options.issuer] = follow_keys("--jwks", options.jwks)
    return Authenticator(
        clients=clients,
        jwt=JwtVerifier(audience=AUDIENCE, issuers=issuers),
        own_issuer=issuer.name,
        rate=options.rate,
        clock=clock,
    )
