"""Being called by Redis or NATS when there may be something new.

A call says no more than that it is worth a look; what is there is judged by the follower. So a call
that is lost costs the polling interval, and one that nobody should have sent costs a look.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from msgspec import Struct

from burgee_edge.sources.wake_url import WakeUrl

__all__ = ["Channel", "Waker"]

_LEAST_GAP_SECONDS: Final = 0.05
_CONNECTS_WITHIN: Final = 5.0
_QUIET_SECONDS: Final = 15.0  # then the connection is tried
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0

_log = structlog.get_logger("burgee.wake")

Called = Callable[[], None]


class Channel(Struct):
    """Who calls, and how that went."""

    url: WakeUrl
    connected: bool = False
    calls: int = 0
    told: str = ""


class Waker:
    """Listens for as long as the node runs; `call` is called from the event loop, at most every
    fiftieth of a second.
    """

    def __init__(
        self,
        urls: Sequence[WakeUrl],
        environment: str,
        call: Called,
        *,
        password: str | None = None,
    ) -> None:
        self.channels = [Channel(each) for each in urls]
        self._name = f"burgee.{environment}"
        self._call = call
        self._password = password
        self._last = 0.0
        self._due: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Listen to all of them until cancelled."""
        await asyncio.gather(*(self._follow(each) for each in self.channels))

    async def _follow(self, channel: Channel) -> None:
        kinds: dict[str, Callable[[Channel], Awaitable[None]]] = {
            "redis": self._redis,
            "nats": self._nats,
        }
        failures = 0
        while True:
            try:
                await kinds[channel.url.kind](channel)
                problem = "the connection ended"
            except Exception as error:  # noqa: BLE001  whatever a client library may raise
                problem = f"{type(error).__name__}: {error}".partition("\n")[0]
            failures = 0 if channel.connected else failures + 1
            self._lost(channel, problem)
            longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 10))
            await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311

    def _found(self, channel: Channel) -> None:
        """Note that calls come through from now on; some may have been missed."""
        channel.connected, channel.told = True, ""
        _log.info("listening for calls", kind=channel.url.kind, at=channel.url.place)
        self._wake()

    def _lost(self, channel: Channel, problem: str) -> None:
        channel.connected = False
        if problem != channel.told:
            channel.told = problem
            _log.warning(
                "no calls come through, the source is polled",
                kind=channel.url.kind,
                at=channel.url.place,
                detail=problem,
            )

    def _called(self, channel: Channel) -> None:
        channel.calls += 1
        self._wake()

    def _wake(self) -> None:
        if self._due is not None:
            return
        loop = asyncio.get_running_loop()
        wait = max(0.0, self._last + _LEAST_GAP_SECONDS - loop.time())
        self._due = loop.call_later(wait, self._ring)

    def _ring(self) -> None:
        self._due = None
        self._last = asyncio.get_running_loop().time()
        self._call()

    async def _redis(self, channel: Channel) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415  not every node is called by one
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415

        options: dict[str, Any] = {} if self._password is None else {"password": self._password}
        client: Redis = Redis.from_url(
            channel.url.url,
            socket_connect_timeout=_CONNECTS_WITHIN,
            socket_keepalive=True,
            health_check_interval=_QUIET_SECONDS,
            retry=Retry(NoBackoff(), 0),  # tried again here, where a look follows
            **options,
        )
        try:
            async with client.pubsub() as heard:
                await heard.subscribe(self._name)
                while True:
                    message = await heard.get_message(timeout=_QUIET_SECONDS)
                    if message is None:
                        await heard.ping()
                    elif message["type"] == "subscribe":
                        self._found(channel)
                    elif message["type"] == "message":
                        self._called(channel)
        finally:
            await client.aclose()

    async def _nats(self, channel: Channel) -> None:
        import nats  # noqa: PLC0415

        ended = asyncio.Event()

        async def end() -> None:
            ended.set()

        async def ignore(_: Exception) -> None:
            """What ends the connection ends it through `end`."""

        async def called(_: object) -> None:
            self._called(channel)

        options: dict[str, Any] = {} if self._password is None else {"password": self._password}
        client = await nats.connect(
            channel.url.url,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # of its own tries to connect
            reconnect_time_wait=0,
            connect_timeout=round(_CONNECTS_WITHIN),
            ping_interval=round(_QUIET_SECONDS),
            max_outstanding_pings=1,
            closed_cb=end,
            disconnected_cb=end,
            error_cb=ignore,
            **options,
        )
        try:
            await client.subscribe(self._name, cb=called)
            await client.flush(round(_CONNECTS_WITHIN))
            self._found(channel)
            await ended.wait()
        finally:
            with suppress(Exception):
                await asyncio.wait_for(client.close(), _CONNECTS_WITHIN)
