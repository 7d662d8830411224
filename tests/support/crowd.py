"""Clients that write through many writers at once, and what each was told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from msgspec import Struct

from support.wire import Answer
from support.writer_process import WriterProcess

__all__ = ["Client", "Ledger", "Told"]

_PATIENCE = 90.0


class Told(Struct, frozen=True):
    """How one call ended: its own number of the request, and of what was answered what matters."""

    name: str
    status: int
    commit: str | None
    code: str
    passed_over: tuple[str, ...]


class Ledger:
    """All that all clients were told; for any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.told: list[Told] = []
        self.retries = 0
        self.busy = 0

    def add(self, told: Told) -> None:
        with self._lock:
            self.told.append(told)

    def retried(self, *, busy: bool = False) -> None:
        with self._lock:
            self.retries += 1
            self.busy += busy

    def commits(self) -> dict[str, str]:
        """The commit of each call that was accepted, by its name."""
        return {each.name: each.commit for each in self.told if each.commit is not None}


class Client:
    """Calls one writer; where it is busy again, and with `tries` also where it is gone, under one
    key, until it is answered.
    """

    def __init__(self, number: int, writer: WriterProcess, ledger: Ledger, *, tries: bool) -> None:
        self.number = number
        self.writer = writer
        self.ledger = ledger
        self.tries = tries
        self._calls = 0

    def call(self, method: str, target: str, body: object, **headers: str) -> Answer:
        """One call, whose name stands in the commit's trailer."""
        self._calls += 1
        name = f"w{self.number}-c{self._calls}"
        headers = {"X_Request_Id": name, "Idempotency_Key": name, **headers}
        answer = self._answered(lambda: self.writer.ask(method, target, body, **headers))
        found: Any = answer.json() if answer.body else {}
        error = found.get("error", {})
        self.ledger.add(
            Told(
                name,
                answer.status,
                found.get("commit") or answer.headers.get("burgee-commit"),
                error.get("code", ""),
                tuple(found.get("passed_over", ())),
            )
        )
        return answer

    def _answered(self, ask: Callable[[], Answer]) -> Answer:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = ask()
            except (OSError, EOFError):
                if not self.tries or time.monotonic() > until:
                    raise
                self.ledger.retried()
                time.sleep(0.05)
                continue
            if answer.status == 503 and time.monotonic() < until:
                assert answer.headers["retry-after"] == "1"
                body: Any = answer.json()
                self.ledger.retried(busy=body["error"]["code"] == "busy")
                continue
            return answer

    def add_one(self, key: str, name: str) -> None:
        """Add one to a number in a flag, which others add to at once: read, If-Match, again."""
        draw = random.Random(self.number)
        while True:
            read = self._answered(lambda: self.writer.ask("GET", f"/v1/flags/{key}"))
            found: Any = read.json()
            metadata = dict(found["flag"].get("metadata", {}))
            metadata[name] = metadata.get(name, 0) + 1
            answer = self.call(
                "PATCH",
                f"/v1/flags/{key}",
                {"metadata": metadata},
                If_Match=read.headers["etag"],
            )
            if answer.status == 200:
                return
            assert answer.status == 412, answer.body
            time.sleep(draw.uniform(0, 0.05))
