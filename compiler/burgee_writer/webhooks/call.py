"""One call of a target: from what the ledger holds to what came of it."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from msgspec import Struct

from burgee_writer.webhooks.addresses import (
    Place,
    Refused,
    Resolve,
    Unreachable,
    addresses_of,
    place_of,
)
from burgee_writer.webhooks.events import Event, body_of
from burgee_writer.webhooks.ledger import Attempt, Delivery
from burgee_writer.webhooks.post import Answer, Connect, Post
from burgee_writer.webhooks.settings import WebhookSecret, WebhookSettings
from burgee_writer.webhooks.signature import signature

__all__ = ["Caller", "Outcome"]

_AGENT: Final = "Burgee-Webhooks/1"
_GONE: Final = 410
_log = structlog.get_logger("burgee.webhooks")


class Outcome(Struct, frozen=True):
    """What came of a call; `final` is whether another one could not change it."""

    attempt: Attempt
    delivered: bool
    final: bool = False
    retry_after: float = 0.0


class Caller:
    """Makes calls, from several threads, and can break off those under way."""

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        resolve: Resolve,
        connect: Connect,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._resolve = resolve
        self._connect = connect
        self._clock = clock
        self._open: set[Post] = set()
        self._lock = threading.Lock()
        self._ended = False
        self._tls: ssl.SSLContext | None = None

    def call(self, delivery: Delivery, event: Event) -> Outcome | None:
        """Return what came of a call; None where it was broken off."""
        at, began = self._clock(), time.monotonic()
        delivered = final = False
        status, text, retry_after = None, "", 0.0
        try:
            answer = self._post(delivery, event)
            status, text, retry_after = answer.status, answer.text, answer.retry_after
            delivered, final = 200 <= status < 300, status == _GONE
            if 300 <= status < 400:
                text = "redirects are not followed"
        except Refused as error:
            text, final = str(error), True
        except Unreachable as error:
            text = str(error)
        except Exception as error:  # noqa: BLE001  a bug is no reason to lose a delivery
            _log.exception("a call of a webhook failed", delivery=delivery.id)
            text = f"an error of the writer: {type(error).__name__}"
        if self._ended and not delivered:
            return None
        attempt = Attempt(at, round(time.monotonic() - began, 3), status, text)
        return Outcome(attempt, delivered, final, retry_after)

    def end(self) -> None:
        """Break off all calls, those to come too."""
        with self._lock:
            self._ended = True
            for each in self._open:
                each.break_off()

    def _post(self, delivery: Delivery, event: Event) -> Answer:
        settings = self._settings
        secret = self._secret(delivery)
        place = place_of(delivery.url, settings.hosts, allow_private=settings.allow_private)
        found = addresses_of(place, self._resolve, allow_private=settings.allow_private)
        body = body_of(event)
        post = Post(
            connect_seconds=settings.connect_seconds,
            total_seconds=settings.total_seconds,
            answer_bytes=settings.answer_bytes,
        )
        with self._lock:
            self._open.add(post)
            if self._ended:
                post.break_off()
        try:
            return post.send(
                place,
                found,
                _headers(delivery, event, secret, int(self._clock()), body),
                body,
                tls=self._context(place),
                connect=self._connect,
            )
        finally:
            with self._lock:
                self._open.discard(post)

    def _secret(self, delivery: Delivery) -> WebhookSecret:
        secret = self._settings.secrets().get(delivery.secret)
        if secret is None or not secret.signs_for(delivery.tenant):
            raise Refused("the writer's settings have no such secret for this tenant")
        return secret

    def _context(self, place: Place) -> ssl.SSLContext | None:
        if not place.tls:
            return None
        with self._lock:
            if self._tls is None:
                self._tls = ssl.create_default_context(cafile=self._settings.ca_file)
            return self._tls


def _headers(
    delivery: Delivery, event: Event, secret: WebhookSecret, now: int, body: bytes
) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "Burgee-Event-Id": event.id,
        "Burgee-Delivery-Id": delivery.id,
        "Burgee-Signature": signature(secret.values, now, body),
        "Connection": "close",
    }
