"""Where a webhook may lead: hosts that the settings allow, at addresses that are public."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

__all__ = ["Place", "Refused", "Resolve", "Unreachable", "addresses_of", "place_of", "resolve"]

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""From host and port to IP addresses; OSError where there are none."""

_ENTRY: Final = re.compile(r"(?P<host>\[[^\]]+\]|[^:]+)(?::(?P<port>[0-9]+|\*))?")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_TUNNELS: Final = (
    IPv6Network("::/96"),  # IPv4-compatible, and ::1
    IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2001::/32"),  # Teredo
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("fec0::/10"),
)
_OF_A_CLOUD: Final = IPv4Address("168.63.129.16")  # public by its number, and the host's own


class Refused(Exception):
    """A target that may not be called as the settings are; trying again would not help."""


class Unreachable(Exception):
    """A target that cannot be called now."""


class Place(Struct, frozen=True):
    """Where a request goes: `path` is what stands after the host."""

    tls: bool
    host: str
    port: int
    path: str


def place_of(url: str, hosts: Sequence[str], *, allow_private: bool) -> Place:
    """Return where a URL leads; Refused where the settings do not let it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("the URL cannot be read") from None
    host = (parts.hostname or "").lower().rstrip(".")
    tls = parts.scheme == "https"
    if not host or not host.isascii() or parts.username is not None or parts.password is not None:
        raise Refused("the URL cannot be used")
    if not tls and not (allow_private and parts.scheme == "http"):
        raise Refused("the URL is not https")
    usual = 443 if tls else 80
    place = Place(
        tls, host, port or usual, (parts.path or "/") + f"?{parts.query}" * bool(parts.query)
    )
    if not any(_allows(entry, place, usual) for entry in hosts):
        raise Refused("the writer's settings do not allow this host")
    return place


def _allows(entry: str, place: Place, usual: int) -> bool:
    match = _ENTRY.fullmatch(entry.lower())
    if match is None:
        return False
    host, port = match["host"].strip("[]"), match["port"]
    if port != "*" and place.port != (usual if port is None else int(port)):
        return False
    if host.startswith("*."):
        return place.host.endswith(host[1:]) and len(place.host) >= len(host)
    return place.host == host


def addresses_of(place: Place, resolve: Resolve, *, allow_private: bool) -> Sequence[str]:
    """Return the addresses of a host, found once: who connects uses these, and asks no more.

    Unreachable where one of them is not public: such a name is not to be trusted with the others.
    """
    try:
        found = resolve(place.host, place.port)
    except (OSError, UnicodeError):
        raise Unreachable("the host's name cannot be resolved") from None
    if not found:
        raise Unreachable("the host has no address")
    if not allow_private and not all(map(_is_public, found)):
        raise Unreachable("the host's address is not a public one")
    return found


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _is_public(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.scope_id is not None or any(address in each for each in _TUNNELS):
            return False
        if address in _NAT64:
            address = IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.is_global and not address.is_multicast and address != _OF_A_CLOUD
