"""Addresses of remotes: what is secret in them stays out of arguments, logs and answers."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec import Struct

__all__ = ["Address", "local_path", "read_address"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SCP: Final = re.compile(r"(?:[^@/:\s-][^@/:\s]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!//)[^:\s]\S*")
_KNOWN: Final = ("ssh", "https", "http", "git")


class Address(Struct, frozen=True):
    """A remote: its address without secrets, and the settings of git that hold those."""

    url: str
    config: tuple[tuple[str, str], ...] = ()


def local_path(source: str) -> Path | None:
    """Return the path that a source names, None where it is the address of a remote."""
    if source.startswith("file://"):
        return Path(unquote(urlsplit(source).path))
    if _SCHEME.match(source) or (_SCP.fullmatch(source) and not Path(source).exists()):
        return None
    return Path(source)


def read_address(source: str, token: str | None) -> Address:
    """Return a remote; ValueError for an address that git could take for something else."""
    if _SCP.fullmatch(source) and not _SCHEME.match(source):
        return Address(source)
    parts = urlsplit(source)
    if parts.scheme not in _KNOWN or not parts.hostname or parts.hostname.startswith("-"):
        raise ValueError(
            f"{_without_secrets(source)} is no address that is known: "
            "write a path, or an ssh, https, http or git URL"
        )
    password = parts.password
    if parts.scheme not in ("http", "https"):
        if token is not None:
            raise ValueError("a token is for https remotes only; ssh goes by its keys")
        if password is not None:
            raise ValueError(f"{_without_secrets(source)} holds a password; ssh goes by its keys")
        return Address(source)
    host = parts.netloc.rpartition("@")[2]
    clean = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    user = unquote(parts.username or "x-access-token")
    secret = token if token is not None else (None if password is None else unquote(password))
    if secret is None:
        # A name alone may be a token too; git asks its helpers for what belongs to it.
        named = parts.username is not None
        return Address(clean, (("credential.username", user),) if named else ())
    basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return Address(clean, (("http.extraHeader", f"Authorization: Basic {basic}"),))


def _without_secrets(source: str) -> str:
    return re.sub(r"//[^@/]*@", "//", source)
