"""A writer's tokens for tests: clients, an issuer with a clock of its own, and who is let in."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt

from burgee_http.authentication import Authenticator
from burgee_http.errors import ApiError
from burgee_http.principal import Principal
from burgee_http.settings import read_settings
from burgee_writer.options import Options, read_options
from burgee_writer.settings import TABLE
from burgee_writer.tokens.issuer import Issuer, make_issuer
from burgee_writer.tokens.verifying import make_authenticator
from support.edge import clients_file

__all__ = ["Clock", "TokenWriter", "unverified", "writer_options"]

CLIENTS: dict[str, Mapping[str, Any]] = {
    "ci": {"scopes": ["flags:rw"], "tenants": ["acme", "globex"]},
    "root": {"scopes": ["admin"], "tenants": ["*"]},
    "stage": {"scopes": ["flags:r"], "environments": ["staging"], "rate": 5},
    "web": {"browser": True},
}


class Clock:
    """The time, moved by hand; it begins at the real one, since tokens are read by that."""

    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def __call__(self) -> float:
        return self.now


def writer_options(folder: Path, **settings: Any) -> Options:
    """Options of a writer whose state is in `folder`."""
    given = {"repo": folder, "state_dir": folder / "state", "port": 0, **settings}
    return read_options(read_settings(TABLE, given, {}))


class TokenWriter:
    """What a writer knows of tokens; the key of the client NAME is `key-of-NAME`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.path = clients_file(folder, **CLIENTS)
        self.clock = Clock()
        self.options = writer_options(folder, clients=self.path, **settings)
        self.issuer: Issuer = make_issuer(self.options, self.clock)
        made = make_authenticator(self.options, self.issuer)
        assert made is not None
        self.authenticator: Authenticator = made
        self.at_once()

    def at_once(self) -> None:
        """Look at the clients file at each request, not once a second."""
        clients = self.authenticator.clients
        assert clients is not None
        clients._interval = clients._next_look = 0

    def change(self, **clients: Mapping[str, Any]) -> None:
        """Write another clients file in the place of the first."""
        clients_file(self.folder, **clients)

    def revoke(self, *names: str) -> None:
        listed = json.loads(self.path.read_text())
        self.path.write_text(json.dumps({**listed, "revoked": names}))

    def principal(self, token: str | bytes) -> Principal:
        data = token if isinstance(token, bytes) else token.encode()
        return self.authenticator.principal({b"authorization": b"Bearer " + data})

    def verdict(self, token: str | bytes) -> str:
        """The subject, or the status and code of the refusal."""
        try:
            return self.principal(token).subject
        except ApiError as error:
            return f"{error.status} {error.code}"


def unverified(token: str) -> dict[str, Any]:
    """The claims of a token, whoever signed it."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims
