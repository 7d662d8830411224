"""Asking the admin listeners of nodes which flags they were asked for."""

from __future__ import annotations

from collections.abc import Sequence

from burgee.client.http import Http, read_address
from burgee.client.known import Unavailable
from burgee_cli.outcome import Usage
from burgee_compiler.stale.asked import Asked, read_asked

__all__ = ["asked_of"]

_MOST = 64 << 20
_CURE = "name what the node has as --admin-listen, such as http://127.0.0.1:9090"


def asked_of(urls: Sequence[str]) -> Asked:
    """Return what some nodes were asked for; Usage where one of them cannot be asked."""
    texts = [_metrics(url) for url in urls]
    try:
        return read_asked(texts)
    except ValueError as error:
        raise Usage(f"--metrics: {error}", _CURE) from error


def _metrics(url: str) -> str:
    try:
        address = read_address(url.rstrip("/").removesuffix("/metrics"))
    except ValueError as error:
        raise Usage(f"--metrics: {error}", _CURE) from error
    http = Http(address, {"User-Agent": "burgee"}, None)
    try:
        answer = http.get("/metrics", _MOST)
    except Unavailable as error:
        raise Usage(f"--metrics: {error}", _CURE) from error
    finally:
        http.close()
    if answer.status != 200:
        raise Usage(f"--metrics: {address} answers with {answer.status}", _CURE)
    return answer.body.decode("utf-8", "replace")
