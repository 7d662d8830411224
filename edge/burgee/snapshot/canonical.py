"""Canonical JSON and digests: the same value gives the same bytes everywhere."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

__all__ = ["canonical", "digest", "short_digest"]

_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:
    """Return `value` as JSON with sorted keys, no white space, and numbers as msgspec has them."""
    return _ENCODER.encode(value)


def digest(data: bytes | memoryview) -> str:
    """Return the SHA-256 of `data` in hex."""
    return sha256(data).hexdigest()


def short_digest(data: bytes) -> str:
    """Return the first 128 bits of the SHA-256 of `data` in hex."""
    return sha256(data).hexdigest()[:32]
