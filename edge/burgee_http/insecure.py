"""Open access for trying things out: on loopback only, and only for callers on this machine.

A page of any website can make a browser send requests to loopback: by a name that it makes
resolve to 127.0.0.1 (so the Host must be loopback), or straight (so must be the Origin).
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from burgee_http.errors import ApiError
from burgee_http.principal import SCOPES, Principal

__all__ = ["ANYONE", "check_local", "is_local_origin", "is_loopback"]

ANYONE: Final = Principal(
    subject="insecure",
    kind="insecure",
    scopes=frozenset(SCOPES),
    tenants=frozenset({"*"}),
)

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?")


def is_loopback(host: str) -> bool:
    """Whether a host, as one binds to or names in a URL, is this machine and no other."""
    bare = host.removeprefix("[").removesuffix("]").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def check_local(headers: Mapping[bytes, bytes]) -> None:
    """Raises ApiError 403 for a Host, or an Origin, that is not loopback."""
    if not _is_local(headers.get(b"host", b"").decode("latin-1")):
        raise ApiError(403, "host_refused", "Open access is for a Host that is loopback only.")
    origin = headers.get(b"origin")
    if origin is not None and not is_local_origin(origin):
        raise ApiError(403, "origin_refused", "Open access is for pages on loopback only.")


def is_local_origin(origin: bytes) -> bool:
    scheme, _, authority = origin.decode("latin-1").partition("://")
    return scheme in ("http", "https") and _is_local(authority)


def _is_local(authority: str) -> bool:
    match = _AUTHORITY.fullmatch(authority)
    return match is not None and is_loopback(match[1])
