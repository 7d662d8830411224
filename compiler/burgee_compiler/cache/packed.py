"""Records as bytes and back: msgpack, into typed structs."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

__all__ = ["pack", "unpack"]

T = TypeVar("T")


def pack(value: object) -> bytes:
    """Return a record's bytes; UnicodeEncodeError where a name in it is no text."""
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def unpack(data: bytes | memoryview, kind: type[T]) -> T:
    """Return the record that bytes hold; DecodeError where it is none of that kind."""
    return msgspec.msgpack.decode(data, type=kind)


def _plain(value: Any) -> str:
    """Return the text of a scalar as it stood in the source: messages quote some."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value)} is in no record")
