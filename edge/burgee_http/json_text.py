"""JSON for answers. Echoed text may hold lone surrogates, which UTF-8 has no bytes for."""

import json

import msgspec

__all__ = ["encode_json"]

_encode = msgspec.json.Encoder().encode


def encode_json(value: object) -> bytes:
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode("ascii")
