"""Where a page ended: the tip that it was read at, and how far from there.

A cursor names the filters that it was made for, and a check of all that. The check keeps mistakes
out, not people: whatever a cursor says, it shows nothing that its bearer could not ask for.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

__all__ = ["BadCursor", "Position", "digest_of", "read_cursor", "write_cursor"]

_CHECK: Final = 8
_LONGEST: Final = 200


class BadCursor(Struct, frozen=True):
    """A cursor that leads nowhere, and why."""

    reason: str


class Position(Struct, frozen=True, array_like=True):
    """The next entry: `back` commits before the tip, `entry` entries into that commit."""

    tip: str
    back: int
    entry: int
    filters: bytes


def write_cursor(position: Position) -> str:
    """Return a position as a word that is safe in a URL."""
    data = msgspec.msgpack.encode(position)
    return base64.urlsafe_b64encode(_check(data) + data).decode().rstrip("=")


def read_cursor(text: str, filters: bytes) -> Position | BadCursor:
    """Return the position that a cursor names, if it was made for these filters."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        data = base64.b64decode(padded, b"-_", validate=True) if len(text) <= _LONGEST else b""
        found = msgspec.msgpack.decode(data[_CHECK:], type=Position)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return BadCursor("it is no cursor of this API")
    if data[:_CHECK] != _check(data[_CHECK:]) or found.back < 0 or found.entry < 0:
        return BadCursor("it is no cursor of this API")
    if found.filters != filters:
        return BadCursor("it belongs to a query with other filters")
    return found


def digest_of(*filters: object) -> bytes:
    """Return what tells one set of filters from another."""
    return blake2b(msgspec.msgpack.encode(filters), digest_size=8).digest()


def _check(data: bytes) -> bytes:
    return blake2b(data, digest_size=_CHECK, person=b"burgee cursor").digest()
