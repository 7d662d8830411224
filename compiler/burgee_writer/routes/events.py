"""`GET /v1/events`: each step of the branch that changes the tenant, whoever made it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Final

import structlog
from msgspec import Struct

from burgee_http.call import Call
from burgee_http.errors import ApiError
from burgee_http.event_stream import EventStream, event
from burgee_http.json_text import encode_json
from burgee_writer.feed import Feed
from burgee_writer.git.branch import BranchMissing, Unreachable
from burgee_writer.service import Service
from burgee_writer.tips.tip import Tip

__all__ = ["Changed", "Events"]

_SCOPE: Final = "flags:r"
_KEEP_ALIVE: Final = 15.0
_LOOK_SECONDS: Final = 0.5
_log = structlog.get_logger("burgee.writer")


class Changed(Struct, frozen=True):
    """What changed; without entities (null) everything may have, so fetch all."""

    commit: str
    previous_commit: str | None
    entities: tuple[str, ...] | None


class Events:
    """All open streams of a writer, woken when the branch moves."""

    def __init__(self, service: Service, limit: int) -> None:
        self.open = 0
        self._service = service
        self._feed = Feed(service.tip)
        self._limit = limit
        self._streams: set[EventStream] = set()
        self._stopping = False
        self._in_trouble = False
        self._look = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Look at the branch, again and again, until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            if self._feed.take(await asyncio.to_thread(self._read)):
                for stream in list(self._streams):
                    stream.wake()

    def _read(self) -> Tip:
        """Return the tip, or the last one that could be read: streams outlive what passes."""
        try:
            tip = self._service.tip
        except (BranchMissing, Unreachable):  # which whoever follows the branch reports
            return self._service.writer.current.last
        except Exception:  # noqa: BLE001  the loop has to outlive whatever git does
            if not self._in_trouble:
                _log.exception("the branch cannot be read for events; trying again")
            self._in_trouble = True
            return self._service.writer.current.last
        self._in_trouble = False
        return tip

    def wake(self) -> None:
        """Say that the branch has moved; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._look.set)

    def stop(self) -> None:
        """End all streams; the writer is going to stop."""
        self._stopping = True
        for stream in list(self._streams):
            stream.close()

    @contextmanager
    def opened(self, call: Call) -> Iterator[EventStream]:
        """Open the stream of a call."""
        gate = self._service.gate
        access = gate.admit(call.headers, _SCOPE, implied=True)
        call.tenant, call.subject = access.tenant, access.principal.subject
        if self._stopping or len(self._streams) >= self._limit:
            raise ApiError(503, "too_many_streams", "This writer holds as many as it may.")
        held = call.headers.get(b"last-event-id", b"").decode("latin-1").strip()
        headers = call.headers
        stream = _Stream(
            self._feed,
            access.tenant,
            held,
            lambda: gate.goes_on(headers, access.tenant, _SCOPE),
            gate.until(headers),
        )
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)


class _Stream(EventStream):
    def __init__(
        self, feed: Feed, tenant: str, held: str, goes_on: Callable[[], bool], until: float
    ) -> None:
        super().__init__()
        self._feed = feed
        self._tenant = tenant
        self._goes_on = goes_on
        self._until = until
        number = feed.after(held) if held else feed.number
        self._is_lost = number is None
        self._number = feed.number if number is None else number

    def pause(self) -> float:
        until = self._until if self._until != inf else time.time() + _KEEP_ALIVE
        return max(0.0, min(_KEEP_ALIVE, until - time.time()))

    def may_go_on(self) -> bool:
        return time.time() < self._until and self._goes_on()

    def news(self) -> bytes:
        told = b""
        if self._is_lost:
            self._is_lost = False
            told = self._all()
        for step in self._feed.since(self._number):
            entities = (*step.entities.get(self._tenant, ()), *step.entities.get("*", ()))
            if entities:
                shown = Changed(step.commit, step.previous, entities)
                told += event(step.commit, encode_json(shown))
        self._number = self._feed.number
        return told

    def _all(self) -> bytes:
        steps = self._feed.since(self._feed.number - 1)
        if not steps:
            return b""
        commit = steps[-1].commit
        return event(commit, encode_json(Changed(commit, None, None)))
