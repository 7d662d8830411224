"""What is posted: an event of a tenant, the same bytes and ids whoever works them out."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from burgee.instants import format_instant
from burgee_writer.webhooks.change import Change, Entity, Target

__all__ = ["Event", "body_of", "delivery_id", "event_of"]

_MOST: Final = 1000


class Event(Struct, frozen=True, kw_only=True):
    """One commit as one tenant hears of it; the fields are the JSON that is posted."""

    id: str
    type: Literal["changed"] = "changed"
    tenant: str
    commit: str
    previous_commit: str | None
    time: str
    entities: tuple[Entity, ...]
    more_entities: int | UnsetType = UNSET
    """How many there are that are not listed."""
    actor: str
    action: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


def event_of(change: Change) -> Event:
    """Return the event of a change; its id depends on commit and tenant alone."""
    listed = change.entities[:_MOST]
    more = len(change.entities) - len(listed)
    return Event(
        id=_id("evt", change.commit, change.tenant),
        tenant=change.tenant,
        commit=change.commit,
        previous_commit=change.previous_commit,
        time=format_instant(change.time),
        entities=listed,
        more_entities=more or UNSET,
        actor=change.actor,
        action=change.action or UNSET,
        reason=change.reason or UNSET,
    )


def delivery_id(event: Event, target: Target) -> str:
    """Return what a delivery is called: by event, address and secret."""
    return _id("dlv", event.id, target.url, target.secret)


def body_of(event: Event) -> bytes:
    """Return the bytes that are posted, and signed."""
    return msgspec.json.encode(event)


def _id(kind: str, *parts: str) -> str:
    digest = sha256("\0".join(parts).encode()).hexdigest()
    return f"{kind}_{digest[:32]}"
