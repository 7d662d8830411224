"""A whole set whose digests fit, so that what stands in its documents is reached."""

from __future__ import annotations

import msgspec

from burgee.load import Refused, document_path, load_environment
from burgee.snapshot.canonical import digest

__all__ = ["run"]

_PARTED = b"\x00\x00"
_CONTEXT = {"targetingKey": "u-1", "plan": "free", "n": 3, "app": {"version": "1.2.3"}}


def run(data: bytes) -> None:
    """Take flags, segments, members and the rest of a tenant's manifest, and ask every flag."""
    parts = [*data.split(_PARTED, 3), b"", b"", b""]
    flags, segments, members, rest = parts[:4]
    files: dict[str, bytes] = {}

    def put(kind: str, text: bytes) -> dict[str, object]:
        whole = digest(text)
        files[document_path("acme", kind, whole)] = text
        return {"digest": whole, "bytes": len(text), "count": 1}

    more = _object(rest)
    manifest = {
        "format": [1, 0],
        "environment": "production",
        "tenant": "acme",
        "attributes": {},
        "held": {},
        **more,
        "flags": [put("flags", flags)],
        "segments": put("segments", segments),
        "members": [put("members", members)] if members else [],
    }
    text = msgspec.json.encode(manifest)
    files[document_path("acme", "manifest", digest(text))] = text
    files["manifest.json"] = msgspec.json.encode(
        {
            "format": [1, 0],
            "compiler": "burgee 0.1.0",
            "environment": "production",
            "epoch": 0,
            "sequence": 1,
            "commit": "a" * 40,
            "committed_at": "2026-11-27T00:00:00Z",
            "version": "1-aaaaaaa",
            "tenants": {"acme": digest(text)},
        }
    )

    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(2, "there is none", path)
        return files[path]

    try:
        snapshot = load_environment(read, "production")
    except Refused:
        return
    found = snapshot.tenants["acme"]
    for key in found.keys():  # noqa: SIM118  it is no mapping
        found.evaluate(key, _CONTEXT, 1_790_000_000_000_000)


def _object(text: bytes) -> dict[str, object]:
    try:
        found = msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found
