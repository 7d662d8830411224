"""The publisher's sign of life beside a manifest: reading it, and whom it is believed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from burgee.load import Refused
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import HeartbeatForm, SignedHeartbeat

if TYPE_CHECKING:
    from burgee.signatures import Trust

__all__ = ["read_heartbeat"]


def read_heartbeat(data: bytes, environment: str, trust: Trust | None) -> HeartbeatForm:
    """Return what a `heartbeat.json` says; Refused where it is none of this environment, or none
    of a key that is trusted. Without `trust` nobody has to have signed it.
    """
    try:
        found = msgspec.json.decode(data, type=SignedHeartbeat)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed", f"heartbeat.json is not well formed: {error}") from error
    said = found.heartbeat
    if said.environment != environment:
        told = f"heartbeat.json is of environment {said.environment[:80]!r}, not {environment!r}"
        raise Refused("wrong_environment", told)
    if trust is not None and not trust.holds(canonical(said), found.signatures):
        raise Refused("signature", "heartbeat.json has no signature by a key that is trusted")
    return said
