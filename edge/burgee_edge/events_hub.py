"""All open streams of a node, woken when a snapshot is taken that changes their tenant."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final, Literal, TypeVar

from burgee_edge.events_offer import Offers
from burgee_edge.served import Served
from burgee_http.errors import ApiError
from burgee_http.event_stream import EventStream

__all__ = ["KINDS", "Hub", "Kind", "stopping"]

KINDS: Final = ("changes", "refetch")
Kind = Literal["changes", "refetch"]

_AT_ONCE: Final = 50  # streams that are written to before anything else gets its turn
_RETRY_AFTER: Final = ((b"retry-after", b"5"),)

S = TypeVar("S", bound=EventStream)


class Hub:
    """At most `limit` streams of each kind: pages cannot take the place of in-process providers,
    whose streams need a token.
    """

    def __init__(
        self, limit: int = 1000, keep_alive: float = 15.0, offers: Offers | None = None
    ) -> None:
        self.keep_alive = keep_alive
        self.offers = offers
        self.stopping = False
        self.refused = Counter[str]()
        self.open = Counter[str]()
        self._limit = limit
        self._streams: dict[str, set[EventStream]] = {}
        self._tenants: Mapping[str, str] = {}
        self._next = asyncio.Event()  # set once another snapshot is taken

    def swapped(self, served: Served) -> None:
        """Wake the streams of the tenants that a new snapshot changed."""
        before, now = self._tenants, served.snapshot.manifest.tenants
        self._tenants = now
        woken: list[EventStream] = []
        for tenant, streams in self._streams.items():
            if before.get(tenant) != now.get(tenant):
                woken += streams
        _wake(woken)
        taken, self._next = self._next, asyncio.Event()
        taken.set()

    async def wait_until(self, holds: Callable[[], bool], seconds: float) -> None:
        """Wait until something holds of the snapshot that is served, and no longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    await self._next.wait()

    def stop(self) -> None:
        """End all streams; the node is going to stop."""
        self.stopping = True
        for streams in list(self._streams.values()):
            for stream in list(streams):
                stream.close()

    def offer(self, tenant: str, browser: bool) -> bytes:
        """Return the JSON of OFREP's `eventStreams`, nothing where no stream can be held.

        A page that is refused what it was offered asks again every second, until it is offered
        none; one that has its stream keeps it until its context changes.
        """
        if self.offers is None or self.open["refetch"] >= self._limit:
            return b""
        return self.offers.text(tenant, browser=browser)

    def require_room(self, kind: Kind) -> None:
        """Raise ApiError 503 where one more stream cannot be held."""
        if self.stopping:
            raise stopping()
        if self.open[kind] >= self._limit:
            self.refused[kind] += 1
            message = "This node holds as many streams as it may."
            raise ApiError(503, "too_many_streams", message, headers=_RETRY_AFTER)

    @contextmanager
    def holding(self, kind: Kind, tenant: str, stream: S) -> Iterator[S]:
        """Count a stream and wake it, for as long as the block lasts."""
        streams = self._streams.setdefault(tenant, set())
        streams.add(stream)
        self.open[kind] += 1
        try:
            yield stream
        finally:
            self.open[kind] -= 1
            streams.discard(stream)
            if not streams and self._streams.get(tenant) is streams:
                del self._streams[tenant]


def stopping() -> ApiError:
    """Return what is answered where another node should be asked."""
    return ApiError(503, "stopping", "This node is about to stop.", headers=_RETRY_AFTER)


def _wake(streams: Sequence[EventStream]) -> None:
    for stream in streams[:_AT_ONCE]:
        stream.wake()
    rest = streams[_AT_ONCE:]
    if rest:
        asyncio.get_running_loop().call_soon(_wake, rest)
