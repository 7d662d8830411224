"""What an operator says of webhooks: hosts, secrets, and how patient the writer is."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from burgee_compiler.source import read_yaml, resolve
from burgee_http.followed_file import FollowedFile

__all__ = ["WebhookSecret", "WebhookSettings", "followed_secrets", "parse_secrets"]

_LEAST: Final = 32
_Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,127}\Z")]


class WebhookSecret(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret: calls are signed with each of its values, so that one can be replaced by another.

    It signs for the tenants named alone: one tenant may not get signatures of another's secret.
    """

    name: _Name
    tenants: Annotated[tuple[str, ...], Meta(min_length=1)]
    values: Annotated[tuple[str, ...], Meta(min_length=1, max_length=2)]

    def signs_for(self, tenant: str) -> bool:
        """Return whether a tenant may name it."""
        return "*" in self.tenants or tenant in self.tenants


class WebhookSettings(Struct, frozen=True, kw_only=True):
    """`hosts` are `NAME`, `*.NAME`, and with a port other than the scheme's `NAME:PORT`.

    With the delays as they are a delivery is tried for about a day.
    """

    hosts: tuple[str, ...] = ()
    secrets: Callable[[], Mapping[str, WebhookSecret]] = dict
    allow_private: bool = False
    """Also addresses that are not public, and http://; for tests and for `burgee up`."""
    ca_file: Path | None = None
    connect_seconds: float = 5.0
    total_seconds: float = 10.0
    answer_bytes: int = 4096
    most_attempts: int = 14
    first_delay_seconds: float = 5.0
    delay_factor: float = 3.0
    longest_delay_seconds: float = 4 * 3600.0
    at_once: int = 8
    poll_seconds: float = 1.0
    keep: int = 1000
    """How many finished deliveries of a tenant are kept in the log."""
    most_pending: int = 10_000
    """How many deliveries of a tenant may wait; what comes then is a dead letter at once."""
    keep_bytes: int = 64 * 1024 * 1024
    compact_bytes: int = 1024 * 1024

    def delay(self, tries: int, chance: Callable[[], float] = random.random) -> float:
        """Return how long to wait after so many tries: a quarter more or less, by chance."""
        exact = self.first_delay_seconds * self.delay_factor ** min(tries - 1, 60)
        return min(exact, self.longest_delay_seconds) * (0.75 + chance() / 2)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    secrets: tuple[WebhookSecret, ...]


def parse_secrets(text: bytes) -> dict[str, WebhookSecret]:
    """Read a file of secrets; ValueError, which never repeats one, where it cannot be used."""
    node, found = read_yaml(text, "the file of webhook secrets")
    if node is None:
        raise ValueError(f"no valid YAML ({found[0].code})")
    try:
        plain: Any = resolve(node)
        file = msgspec.convert(plain, _File)
    except (msgspec.ValidationError, ValueError) as error:
        raise ValueError(f"no file of webhook secrets: {error}") from None
    secrets: dict[str, WebhookSecret] = {}
    for each in file.secrets:
        if each.name in secrets:
            raise ValueError(f"the secret {each.name!r} is there twice")
        if any(len(value) < _LEAST for value in each.values):
            raise ValueError(f"the secret {each.name!r} is shorter than {_LEAST} characters")
        secrets[each.name] = each
    return secrets


def followed_secrets(path: Path) -> Callable[[], Mapping[str, WebhookSecret]]:
    """Return what gives the secrets of a file, which is read again when it changes.

    Raises OSError, or ValueError where it cannot be used.
    """
    file = FollowedFile(path, parse_secrets)
    lock = threading.Lock()

    def present() -> Mapping[str, WebhookSecret]:
        with lock:
            file.follow()
            return file.value

    return present
