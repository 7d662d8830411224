"""From what an app says to a source: what is wrong with it is said at once, and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from burgee.client.folder import FolderSource
from burgee.client.source import Source

if TYPE_CHECKING:
    import ssl

    from burgee.client.http import Token
    from burgee.signatures import Trust

__all__ = ["Opening", "open_source", "read_trust"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Opening(Struct, frozen=True):
    """How a source is to be opened."""

    tenant: str
    environment: str | None
    token: Token | None
    allow_unsigned: bool
    poll_seconds: float | None
    events: bool
    timeout: float
    ssl_context: ssl.SSLContext | None


def open_source(source: str | os.PathLike[str], how: Opening, trust: Trust | None) -> Source:
    """Return the source that `source` names; ValueError where it, or the rest, cannot be meant."""
    _check_name("tenant", how.tenant)
    if how.environment is not None:
        _check_name("environment", how.environment)
    if how.poll_seconds is not None and not how.poll_seconds > 0:
        raise ValueError(f"poll_seconds must be above 0, not {how.poll_seconds}")
    if isinstance(source, str) and _URL.match(source):
        return _edge(source, how, trust)
    if how.token is not None:
        raise ValueError(f"{os.fspath(source)!r} is a folder: a token is for the URL of a node")
    poll = 1.0 if how.poll_seconds is None else how.poll_seconds
    return FolderSource(
        Path(source).absolute(), how.environment, how.tenant, trust=trust, poll_seconds=poll
    )


def read_trust(paths: Sequence[str | os.PathLike[str]]) -> Trust | None:
    """Read public keys; ImportError without the extra, ValueError or OSError for a bad file."""
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    if not paths:
        return None
    try:
        from burgee.signatures import Trust  # noqa: PLC0415  needs an extra
    except ImportError as error:
        raise ImportError("trust= needs the extra verify: pip install 'burgee[verify]'") from error
    return Trust.read([Path(path) for path in paths])


def _edge(url: str, how: Opening, trust: Trust | None) -> Source:
    # Sockets and TLS cost as much to import as all the rest: for those who use them.
    from burgee.client.edge import EdgeSource  # noqa: PLC0415
    from burgee.client.http import Http, read_address  # noqa: PLC0415

    address = read_address(url)
    if trust is None and not how.allow_unsigned:
        raise ValueError(
            "a node's snapshots are not checked against signatures here: name the public keys "
            "with trust=[…], or say allow_unsigned=True to believe the connection alone"
        )
    headers = {"X-Tenant-ID": how.tenant, "User-Agent": "burgee-python"}
    http = Http(address, headers, how.token, timeout=how.timeout, ssl_context=how.ssl_context)
    return EdgeSource(
        http,
        how.environment,
        how.tenant,
        trust=trust,
        poll_seconds=30.0 if how.poll_seconds is None else how.poll_seconds,
        events=how.events,
    )


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a {what}: letters, digits, _ and - only")
