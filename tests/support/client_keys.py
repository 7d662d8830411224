"""A clients file for a node under test, with keys made for it."""

from pathlib import Path

from burgee_http.client_keys import append_client, make_client_key
from burgee_http.clients import Client

__all__ = ["write_clients"]


def write_clients(path: Path, **lines: dict[str, object]) -> dict[str, str]:
    """Write clients by name, each as in the clients file with `evaluate` for scopes where none
    are named; return their keys.
    """
    secrets: dict[str, str] = {}
    for name, line in lines.items():
        secrets[name], digest = make_client_key()
        fields: dict[str, object] = {"scopes": ("evaluate",), **line}
        append_client(path, Client(name=name, sha256=digest, **fields))  # type: ignore[arg-type]
    return secrets
