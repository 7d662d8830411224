"""The clients file: static keys by their SHA-256, and what has been revoked."""

import re
from typing import Annotated, Any, Literal

import msgspec
import yaml

from burgee_http.principal import (
    LEAST_RATE,
    MOST_RATE,
    TENANT_OR_ALL,
    Principal,
    Rate,
    expand_scopes,
    rate_of,
)

__all__ = ["Client", "Clients", "ClientsError", "mark_of", "parse_clients"]

Scope = Literal["evaluate", "flags:r", "flags:rw", "admin"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]

_SHA256 = re.compile(r"[0-9a-f]{64}")
# Collections nest no deeper than this in any clients file; PyYAML's C code recurses, and crashes.
_MAX_DEPTH = 100
_DEEP_BLOCK = re.compile(rb"^[ ?:-]{1000}", re.MULTILINE)


class ClientsError(ValueError):
    """A clients file that cannot be used."""


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the clients file."""

    name: Name
    sha256: str
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1)]
    tenants: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    environments: tuple[Name, ...] | None = None
    browser: bool = False
    rate: float | Rate | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clients: tuple[Client, ...] = ()
    revoked: tuple[Name, ...] = ()


class Clients(msgspec.Struct, frozen=True):
    """A parsed clients file: who holds a key, by the digest of the key, and what is revoked."""

    principals: dict[bytes, Principal]
    revoked: frozenset[str]

    def keys_of(self, name: str) -> list[tuple[bytes, Principal]]:
        """The digests of a client's keys and what each allows; a client may have several."""
        return [found for found in self.principals.items() if found[1].subject == name]

    def marked(self, name: str, mark: str | None) -> Principal | None:
        """What a client's key allows now, by the mark that a token made for it carries."""
        found = (principal for key, principal in self.keys_of(name) if mark_of(key) == mark)
        return next(found, None)


def mark_of(digest: bytes) -> str:
    """What names a client's key in tokens; nothing of the key can be learnt from it."""
    return digest[:8].hex()


def parse_clients(text: bytes) -> Clients:
    if _deep(text):
        raise ClientsError("the file nests too deeply")
    try:
        plain: Any = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe loader
        if isinstance(plain, dict):  # `clients:` with nothing after it is an empty list
            plain = {key: value for key, value in plain.items() if value is not None}
        file = msgspec.convert({} if plain is None else plain, _File)
    except yaml.YAMLError as error:
        raise ClientsError(f"no valid YAML: {' '.join(str(error).split())}") from None
    except (ValueError, AttributeError, RecursionError) as error:  # some of them PyYAML's own
        raise ClientsError(str(error)) from None
    revoked = frozenset(file.revoked)
    principals: dict[bytes, Principal] = {}
    for number, client in enumerate(file.clients):
        digest = _digest(client, number)
        if digest in principals:
            raise ClientsError(f"clients[{number}]: the key of {client.name!r} is listed twice")
        principals[digest] = _principal(client, number)
    kept = {digest: p for digest, p in principals.items() if p.subject not in revoked}
    return Clients(kept, revoked)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's safe loader, which by itself keeps the last of two equal keys in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = {str(key.value) for key, _ in node.value}
        if len(seen) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key twice", node.start_mark)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _deep(text: bytes) -> bool:
    if _DEEP_BLOCK.search(text):
        return True
    if text.count(b"[") + text.count(b"{") <= _MAX_DEPTH:
        return False
    depth = 0
    for byte in text:
        if byte in b"[{":
            depth += 1
            if depth > _MAX_DEPTH:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def _digest(client: Client, number: int) -> bytes:
    if not _SHA256.fullmatch(client.sha256):
        raise ClientsError(f"clients[{number}]: sha256 must be 64 lower-case hex digits")
    return bytes.fromhex(client.sha256)


def _principal(client: Client, number: int) -> Principal:
    scopes = expand_scopes(client.scopes)
    if client.browser and scopes != {"evaluate"}:
        raise ClientsError(
            f"clients[{number}]: a browser key is public, so its only scope is evaluate"
        )
    for tenant in client.tenants:
        if not TENANT_OR_ALL.fullmatch(tenant):
            raise ClientsError(f"clients[{number}]: {tenant!r} is no name of a tenant")
    return Principal(
        subject=client.name,
        kind="client",
        scopes=scopes,
        tenants=frozenset(client.tenants),
        environments=None if client.environments is None else frozenset(client.environments),
        browser=client.browser,
        rate=_rate(client.rate, number),
    )


def _rate(rate: float | Rate | None, number: int) -> Rate | None:
    if rate is None:
        return None
    per_second = rate.per_second if isinstance(rate, Rate) else rate
    if not LEAST_RATE <= per_second <= MOST_RATE:
        raise ClientsError(f"clients[{number}]: a rate is a number above 0, a millionth at least")
    if not isinstance(rate, Rate):
        return rate_of(per_second)
    if not 1 <= rate.burst <= MOST_RATE:
        raise ClientsError(f"clients[{number}]: a burst is at least 1, and no more than 10^9")
    return Rate(float(per_second), rate.burst)
