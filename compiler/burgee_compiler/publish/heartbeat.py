"""The sign of life beside a manifest: a quiet repository and a dead publisher are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import HeartbeatForm, Signatures, SignedHeartbeat

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["HEARTBEAT", "heartbeat"]

HEARTBEAT = "heartbeat.json"


def heartbeat(
    environment: str, digest: str, time: int, keys: Sequence[Ed25519PrivateKey] = ()
) -> bytes:
    """Return the document that says: at `time`, in microseconds, this manifest was in force."""
    inner = HeartbeatForm(digest, environment, time)
    signatures = Signatures(())
    if keys:
        from burgee_compiler.signing import sign  # noqa: PLC0415  cryptography

        signatures = msgspec.json.decode(sign(canonical(inner), list(keys)), type=Signatures)
    return canonical(SignedHeartbeat(inner, signatures.signatures))
