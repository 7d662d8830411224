"""Who may call a node: the URL, and what of it may be shown."""

from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

__all__ = ["Kind", "WakeUrl", "read_wake_url"]

Kind = Literal["redis", "nats"]
_KINDS: Final[dict[str, Kind]] = {
    "redis": "redis",
    "rediss": "redis",
    "nats": "nats",
    "tls": "nats",
}


class WakeUrl(Struct, frozen=True):
    """`url` as it was given, `place` as it may be logged."""

    kind: Kind
    url: str
    place: str


def read_wake_url(text: str) -> WakeUrl:
    """Read a URL; ValueError, which does not repeat it, where it is none that can call."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"it is no URL: {error}") from None
    kind = _KINDS.get(parts.scheme)
    if kind is None or not parts.hostname:
        known = ", ".join(f"{each}://" for each in _KINDS)
        raise ValueError(f"it is none of {known} with a host")
    if parts.password is not None:
        raise ValueError(
            "it holds a password, which every process of this machine can see: give it in "
            "BURGEE_EDGE_WAKE_PASSWORD"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")
    return WakeUrl(kind, text, place)
