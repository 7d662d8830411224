"""The loop: reads what changed from git, calls who is to be told, and keeps what came of it."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from msgspec import Struct

from burgee_writer.webhooks.addresses import Resolve, resolve
from burgee_writer.webhooks.call import Caller, Outcome
from burgee_writer.webhooks.change import Change, ChangesSince, Rewritten
from burgee_writer.webhooks.judge import added_by, tried_by
from burgee_writer.webhooks.ledger import (
    Again,
    Delivery,
    DeliveryPage,
    DeliveryState,
    Reached,
)
from burgee_writer.webhooks.line import Line
from burgee_writer.webhooks.post import Connect
from burgee_writer.webhooks.settings import WebhookSettings
from burgee_writer.webhooks.store import Store

__all__ = ["WebhookFigures", "Webhooks"]

_PAUSE: Final = 5.0  # after a trouble that is not a receiver's, such as a full disk
_log = structlog.get_logger("burgee.webhooks")


class WebhookFigures(Struct, frozen=True):
    """Counts since this process began, and how many deliveries it has to make."""

    delivered: int
    failed: int
    dead: int
    pending: int
    leads: bool


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), seconds)


class Webhooks:
    """Tells targets of changes, from a thread of its own; no write waits for it.

    Of several with one state folder, one delivers; another goes on when that one ends. What was
    delivered last is kept there, and what came since is read from git, so nothing is lost with a
    process; after a crash a target may hear of something twice, under the same ids. A folder that
    is new begins at the tip. `changes` is asked from that thread alone; the rest may be called
    from any.
    """

    def __init__(
        self,
        settings: WebhookSettings,
        state_dir: Path,
        *,
        changes: ChangesSince,
        clock: Callable[[], float] = time.time,
        resolve: Resolve = resolve,
        connect: Connect = _connect,
    ) -> None:
        self._settings = settings
        self._changes = changes
        self._clock = clock
        self._store = Store(state_dir / "webhooks")
        self._caller = Caller(settings, resolve=resolve, connect=connect, clock=clock)
        self._lock = threading.RLock()
        self._bell = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._results: queue.SimpleQueue[tuple[Delivery, Outcome | None]] = queue.SimpleQueue()
        self._under_way = 0
        self._line = self._new_line()
        self._counts = {"delivered": 0, "failed": 0, "dead": 0}

    @property
    def wanted(self) -> bool:
        """Whether any host may be called; else there is nothing to run for."""
        return bool(self._settings.hosts)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread = threading.Thread(target=self._run, name="burgee-webhooks", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Break off the calls under way, which stay to be made, and let another process deliver."""
        self._stopping = True
        self._caller.end()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def wake(self) -> None:
        """Say that the branch moved; else it is looked at every `poll_seconds`."""
        self._bell.set()

    def log(
        self,
        tenant: str,
        *,
        limit: int,
        cursor: str | None = None,
        state: DeliveryState | None = None,
    ) -> DeliveryPage:
        """Return deliveries of a tenant, newest first, those in one state or all; ValueError for a
        cursor that is none.
        """
        with self._lock:
            self._look()
            return self._store.ledger.page(tenant, limit, cursor, state)

    def redeliver(self, tenant: str, delivery_id: str) -> bool:
        """Have a delivery made once more; False where the tenant has none of that id."""
        with self._lock:
            self._look()
            known = self._store.ledger.deliveries.get(delivery_id)
            if known is None or known.tenant != tenant:
                return False
            self._store.ask_again(delivery_id)
        self._bell.set()
        return True

    def figures(self) -> WebhookFigures:
        """Return what metrics show."""
        with self._lock:
            leads = self._store.leads
            pending = sum(self._store.ledger.pending.values()) if leads else 0
            return WebhookFigures(**self._counts, pending=pending, leads=leads)

    def _look(self) -> None:
        if not self._store.leads:
            self._store.refresh()

    def _new_line(self) -> Line:
        return Line(
            self._store.ledger,
            first_rest=self._settings.first_delay_seconds,
            for_one_tenant=max(1, self._settings.at_once // 2),
        )

    def _run(self) -> None:
        while not self._stopping:
            self._bell.clear()
            pause = self._settings.poll_seconds
            try:
                if self._lead():
                    pause = self._turn()
            except Exception:  # noqa: BLE001  the loop has to outlive whatever git or a disk does
                _log.exception("webhooks are in trouble; trying again")
                pause = _PAUSE
                with self._lock:
                    self._store.resign()
            if not self._stopping:
                self._bell.wait(pause)
        self._finish()

    def _finish(self) -> None:
        """Keep what calls have come to, then let go."""
        try:
            with self._lock:
                if self._store.leads:
                    self._take_results()
        except OSError:
            _log.exception("results of webhooks cannot be kept; they are called again")
        finally:
            with self._lock:
                self._store.resign()

    def _lead(self) -> bool:
        with self._lock:
            if self._store.leads:
                if self._store.still_leads():
                    return True
                self._store.resign()
            while not self._results.empty():  # of calls made before another process took over
                self._results.get()
                self._under_way -= 1
            if self._under_way or not self._store.lead():
                return False
            self._line = self._new_line()
        _log.info("this process delivers webhooks")
        return True

    def _turn(self) -> float:
        """Do what can be done now; return how long there is nothing to do."""
        self._read_changes()
        with self._lock:
            self._take_results()
            self._take_requests()
            now = self._clock()
            while self._under_way < self._settings.at_once and not self._stopping:
                delivery = self._line.take(now, self._store.ledger)
                if delivery is None:
                    break
                self._begin(delivery)
            settings = self._settings
            if self._store.compact(
                least=settings.compact_bytes, keep=settings.keep, keep_bytes=settings.keep_bytes
            ):
                _log.debug("the journal of webhooks was compacted")
            next_at = self._line.next_at()
        if next_at is None or next_at <= now:  # what is due waits for a call to end, and that rings
            return settings.poll_seconds
        return min(next_at - now, settings.poll_seconds)

    def _read_changes(self) -> None:
        tip = self._changes.tip()
        ledger = self._store.ledger
        if ledger.begun and tip in (ledger.commit, None):  # one that is gone may come back
            return
        if ledger.begun and tip is not None:
            try:
                for change in self._changes.since(ledger.commit, tip):
                    if self._stopping:
                        return
                    self._add(change)
            except Rewritten:
                _log.warning(
                    "the branch was rewritten: webhooks go on from its tip", tip=tip,
                    last=ledger.commit,
                )  # fmt: skip
        with self._lock:
            self._store.write(Reached(tip))

    def _add(self, change: Change) -> None:
        with self._lock:
            added = added_by(change, self._store.ledger, self._settings, self._clock())
            if added is None:
                return
            self._store.write(added)
            for each in added.deliveries:
                if each.state == "pending":
                    self._line.add(each)
                else:
                    self._counts["dead"] += 1

    def _begin(self, delivery: Delivery) -> None:
        event = self._store.ledger.events[delivery.event]

        def work() -> None:
            self._results.put((delivery, self._caller.call(delivery, event)))
            self._bell.set()

        self._under_way += 1
        threading.Thread(target=work, name="burgee-webhook", daemon=True).start()

    def _take_results(self) -> None:
        while not self._results.empty():
            delivery, outcome = self._results.get()
            self._under_way -= 1
            failed = outcome is None or not outcome.delivered
            self._line.done(delivery, self._clock(), failed=failed)
            if outcome is not None:
                self._keep(delivery, outcome)
            known = self._store.ledger.deliveries.get(delivery.id)
            if known is not None and known.state == "pending":
                self._line.add(known)

    def _keep(self, delivery: Delivery, outcome: Outcome) -> None:
        tried = tried_by(delivery, outcome, self._settings, self._clock())
        self._store.write(tried)
        self._counts["delivered" if outcome.delivered else "failed"] += 1
        if tried.state == "delivered":
            return
        self._counts["dead"] += tried.state == "dead"
        again = "a webhook was not taken, and is tried again"
        _log.warning(
            "a webhook could not be delivered" if tried.state == "dead" else again,
            tenant=delivery.tenant,
            delivery=delivery.id,
            host=urlsplit(delivery.url).hostname,
            tries=delivery.tries + 1,
            status=outcome.attempt.status,
            reason=outcome.attempt.text or str(outcome.attempt.status),
        )

    def _take_requests(self) -> None:
        for name in self._store.asked_again():
            if name in self._store.ledger.deliveries:
                self._store.write(Again(name, self._clock()))
                self._line.add(self._store.ledger.deliveries[name])
