"""What has been told and what has not: plain records, and the state that they add up to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from burgee_writer.webhooks.events import Event, body_of

__all__ = [
    "Added",
    "Again",
    "Attempt",
    "Checkpoint",
    "Delivery",
    "DeliveryPage",
    "DeliveryState",
    "Ledger",
    "Reached",
    "Record",
    "Tried",
]

DeliveryState: TypeAlias = Literal["pending", "delivered", "dead"]
_KEPT_ATTEMPTS: Final = 20


class Attempt(Struct, frozen=True):
    """One call, or why there was none: `at` is when it began, in seconds since 1970."""

    at: float
    seconds: float
    status: int | None
    text: str


class Delivery(Struct, frozen=True, kw_only=True):
    """An event on its way to a target; `tries` are those since it was last begun."""

    id: str
    number: int
    event: str
    tenant: str
    commit: str
    url: str
    secret: str
    state: DeliveryState = "pending"
    created: float
    tries: int = 0
    next_at: float = 0.0
    attempts: tuple[Attempt, ...] = ()


class DeliveryPage(Struct, frozen=True):
    """Deliveries, newest first, and the cursor of the next page."""

    deliveries: tuple[Delivery, ...]
    cursor: str | None


class Reached(Struct, frozen=True, tag="reached"):
    """All up to a commit has been added; None where the branch holds nothing."""

    commit: str | None


class Added(Struct, frozen=True, tag="added"):
    """A change was found that somebody is to be told of."""

    event: Event
    deliveries: tuple[Delivery, ...]


class Tried(Struct, frozen=True, tag="tried"):
    """A call was made."""

    delivery: str
    attempt: Attempt
    state: DeliveryState
    next_at: float


class Again(Struct, frozen=True, tag="again"):
    """Somebody asked for a delivery to be made once more."""

    delivery: str
    at: float


Record: TypeAlias = Reached | Added | Tried | Again


class Checkpoint(Struct, frozen=True):
    """The whole state; what came later stands in the journal of that generation."""

    generation: int = 0
    begun: bool = False
    commit: str | None = None
    number: int = 0
    events: tuple[Event, ...] = ()
    deliveries: tuple[Delivery, ...] = ()


class Ledger:
    """The state; it changes by `apply` alone. `begun` is whether `commit` was ever set."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.begun = checkpoint.begun
        self.commit = checkpoint.commit
        self.number = checkpoint.number
        self.events = {each.id: each for each in checkpoint.events}
        self.deliveries: dict[str, Delivery] = {}
        self.pending: dict[str, int] = {}
        """How many wait, by tenant."""
        self._by_tenant: dict[str, dict[str, None]] = {}
        for each in checkpoint.deliveries:
            self._put(each)

    def apply(self, record: Record) -> None:
        """Take in a record; one that says nothing new changes nothing."""
        match record:
            case Reached():
                self.begun, self.commit = True, record.commit
            case Added():
                self.events[record.event.id] = record.event
                for each in record.deliveries:
                    self._put(each)
            case Tried() if (known := self.deliveries.get(record.delivery)) is not None:
                attempts = (*known.attempts, record.attempt)[-_KEPT_ATTEMPTS:]
                self._put(
                    replace(
                        known,
                        state=record.state,
                        tries=known.tries + 1,
                        next_at=record.next_at,
                        attempts=attempts,
                    )
                )
            case Again() if (known := self.deliveries.get(record.delivery)) is not None:
                self._put(replace(known, state="pending", tries=0, next_at=record.at))

    def waiting(self) -> Iterator[Delivery]:
        """Yield the deliveries that are still to be made."""
        return (each for each in self.deliveries.values() if each.state == "pending")

    def page(
        self, tenant: str, limit: int, cursor: str | None, state: DeliveryState | None
    ) -> DeliveryPage:
        """Return deliveries of a tenant, newest first; ValueError for a cursor that is none."""
        before = self.number + 1 if cursor is None else _number(cursor)
        found = (
            each
            for name in reversed(self._by_tenant.get(tenant, {}))
            if (each := self.deliveries[name]).number < before
            and (state is None or each.state == state)
        )
        listed = tuple(islice(found, limit + 1))
        more = len(listed) > limit
        return DeliveryPage(listed[:limit], str(listed[limit - 1].number) if more else None)

    def checkpoint(self, generation: int, keep: int, keep_bytes: int) -> Checkpoint:
        """Return the state without the oldest finished deliveries beyond what may be kept."""
        kept = self._kept(keep, keep_bytes)
        used = {each.event for each in kept}
        return Checkpoint(
            generation,
            self.begun,
            self.commit,
            self.number,
            tuple(each for each in self.events.values() if each.id in used),
            tuple(kept),
        )

    def _kept(self, keep: int, keep_bytes: int) -> list[Delivery]:
        finished: dict[str, int] = {}
        counted: set[str] = set()
        size, kept = 0, []
        newest_first = sorted(self.deliveries.values(), key=lambda each: -each.number)
        for each in newest_first:
            added = len(msgspec.json.encode(each))
            if each.event not in counted:
                added += len(body_of(self.events[each.event]))
            if each.state != "pending":
                finished[each.tenant] = finished.get(each.tenant, 0) + 1
                if finished[each.tenant] > keep or size + added > keep_bytes:
                    continue
            counted.add(each.event)
            size += added
            kept.append(each)
        return kept[::-1]

    def _put(self, delivery: Delivery) -> None:
        known = self.deliveries.get(delivery.id)
        if known is not None and known.state == "pending":
            self.pending[known.tenant] -= 1
        if delivery.state == "pending":
            self.pending[delivery.tenant] = self.pending.get(delivery.tenant, 0) + 1
        self.deliveries[delivery.id] = delivery
        self._by_tenant.setdefault(delivery.tenant, {})[delivery.id] = None
        self.number = max(self.number, delivery.number)


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        raise ValueError("no cursor of a delivery log")
    return int(cursor)
