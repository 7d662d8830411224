"""Addresses of remotes: what is secret in them stays out of arguments, logs and answers."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from msgspec import Struct

__all__ = ["Address", "local_path", "read_address"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# user@host:path; a single letter before the colon is a drive, a leading dash would be an option.
_SCP: Final = re.compile(
    r"(?:[^-@/:\s][^@/:\s]*@(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])"
    r"|[A-Za-z0-9][A-Za-z0-9._-]+):(?!:)\S+"
)
_KNOWN: Final = ("ssh", "https", "http", "git")
# Asked last: for a token that stands where the user's name does, as forges take it.
_NO_PASSWORD: Final = '!f() { test "$1" = get && echo password=; }; f'  # noqa: S105  it says so

_TOKEN: Final = 12
"""A user's name of so many characters may be one."""


class Address(Struct, frozen=True):
    """A remote: its address without secrets, and the settings of git that hold those."""

    url: str
    config: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    """What must not be told, though a remote says it."""

    @property
    def is_http(self) -> bool:
        """Whether git's HTTP goes there, which tells what it sends."""
        return self.url.startswith(("http://", "https://"))


def local_path(source: str) -> Path | None:
    """Return the path that a source names, None where it is the address of a remote."""
    if source.startswith("file://"):
        return Path(unquote(urlsplit(source).path))
    if _SCHEME.match(source) or (_SCP.fullmatch(source) and not Path(source).exists()):
        return None
    return Path(source)


def read_address(source: str, token: str | None) -> Address:
    """Return a remote; ValueError for an address that git could take for something else."""
    parts = None if _SCP.fullmatch(source) and not _SCHEME.match(source) else _split(source)
    if parts is not None and parts.scheme in ("http", "https"):
        return _http(parts, token)
    if token is not None:
        raise ValueError("a token is for https remotes only; ssh goes by its keys")
    if parts is not None and parts.password is not None:
        raise ValueError("ssh and git take no password in an address; ssh goes by its keys")
    return Address(source)


def _split(source: str) -> SplitResult:
    try:
        parts = urlsplit(source)
        _ = parts.port  # which is read here, and may be no number
    except ValueError:
        raise ValueError(
            "the address has no port that can be read; percent-encode what is special in a password"
        ) from None
    if parts.scheme not in _KNOWN or not parts.hostname or parts.hostname.startswith("-"):
        raise ValueError(
            f"{re.sub('//.*@', '//', source)} is no address that is known: "
            "write a path, or an ssh, https, http or git URL"
        )
    return parts


def _http(parts: SplitResult, token: str | None) -> Address:
    host = parts.netloc.rpartition("@")[2]
    clean = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    user = None if not parts.username else unquote(parts.username)
    secret = token
    if secret is None and parts.password is not None:
        secret = unquote(parts.password)
    if secret is not None:
        basic = base64.b64encode(f"{user or 'x-access-token'}:{secret}".encode()).decode()
        # A redirect would take the header along to wherever it leads.
        config = (
            ("http.extraHeader", f"Authorization: Basic {basic}"),
            ("http.followRedirects", "false"),
        )
        return Address(clean, config, (secret, basic))
    if user is not None:
        named = (("credential.username", user), ("credential.helper", _NO_PASSWORD))
        return Address(clean, named, (user,) if len(user) >= _TOKEN else ())
    return Address(clean)
