"""Ignoring offers to upgrade a connection, as RFC 9110 (7.8) lets any server do."""

from collections.abc import Iterator, Sequence

__all__ = ["without_offer"]

_OFFER = frozenset({b"upgrade", b"http2-settings"})


def without_offer(headers: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """The headers less the offer, and less its mention in `Connection`."""
    for name, value in headers:
        if name == b"connection":
            options = [option.strip() for option in value.split(b",")]
            kept = [option for option in options if option.lower() not in _OFFER]
            if kept:
                yield name, b", ".join(kept)
        elif name not in _OFFER:
            yield name, value
