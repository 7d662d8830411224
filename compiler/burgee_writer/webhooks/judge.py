"""What a change or the outcome of a call makes of the ledger."""

from __future__ import annotations

from burgee_writer.webhooks.call import Outcome
from burgee_writer.webhooks.change import Change
from burgee_writer.webhooks.events import delivery_id, event_of
from burgee_writer.webhooks.ledger import (
    Added,
    Attempt,
    Delivery,
    DeliveryState,
    Ledger,
    Tried,
)
from burgee_writer.webhooks.settings import WebhookSettings

__all__ = ["added_by", "tried_by"]


def added_by(change: Change, ledger: Ledger, settings: WebhookSettings, now: float) -> Added | None:
    """Return the deliveries of a change that are not known yet; None where there are none."""
    event = event_of(change)
    names = {
        delivery_id(event, target): target for target in change.targets if target.hears(change)
    }
    waiting = ledger.pending.get(change.tenant, 0)
    found: list[Delivery] = []
    for name, target in names.items():
        if name in ledger.deliveries:
            continue
        full = waiting + len(found) >= settings.most_pending
        found.append(
            Delivery(
                id=name,
                number=ledger.number + len(found) + 1,
                event=event.id,
                tenant=change.tenant,
                commit=change.commit,
                url=target.url,
                secret=target.secret,
                state="dead" if full else "pending",
                created=now,
                next_at=now,
                attempts=(Attempt(now, 0, None, "too many wait"),) if full else (),
            )
        )
    return Added(event, tuple(found)) if found else None


def tried_by(delivery: Delivery, outcome: Outcome, settings: WebhookSettings, now: float) -> Tried:
    """Return what becomes of a delivery after a call."""
    state: DeliveryState = "pending"
    if outcome.delivered:
        state = "delivered"
    elif outcome.final or delivery.tries + 1 >= settings.most_attempts:
        state = "dead"
    if state != "pending":
        return Tried(delivery.id, outcome.attempt, state, now)
    asked = min(outcome.retry_after, settings.longest_delay_seconds)
    delay = max(settings.delay(delivery.tries + 1), asked)
    return Tried(delivery.id, outcome.attempt, state, now + delay)
