"""Server-sent events: an answer that stays open and is written to when there is news.

Nothing is queued for a stream. Whoever has news wakes it, and it asks what there is to tell now;
so one that cannot be written to misses nothing but what was overtaken meanwhile. A client that
leaves what is sent unread is cut off by the protocol class, as with any other answer.
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from random import uniform
from typing import Final

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from burgee_http.call import Call
from burgee_http.endpoint import CALL
from burgee_http.errors import TryAgain
from burgee_http.protocol import ABORT

__all__ = ["EventStream", "Opener", "event", "stream_route"]

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (b"vary", b"Authorization, X-Tenant-ID, X-API-Key"),
    (b"connection", b"close"),  # nothing follows: once it ends, so does the connection
    (b"x-accel-buffering", b"no"),
]
_KEEP_ALIVE: Final = b":\n\n"
_FLUSH_SECONDS: Final = 1.0  # for what has been sent to be taken, once a stream ends
_RETRY_MS: Final = (1_000, 5_000)  # spread, so that not all come back at once


class EventStream(ABC):
    """One open stream, on the event loop's thread."""

    def __init__(self) -> None:
        self.closed = False
        self._woken = asyncio.Event()
        self._abort: Callable[[], None] | None = None

    @abstractmethod
    def news(self) -> bytes:
        """Return the events to send now; nothing where there are none."""

    @abstractmethod
    def pause(self) -> float:
        """Return in how many seconds to send a sign of life, and ask whether it `may_go_on`."""

    @abstractmethod
    def may_go_on(self) -> bool:
        """Whether the caller may still listen."""

    def wake(self) -> None:
        """Say that there may be news."""
        self._woken.set()

    def close(self) -> None:
        """End the stream, soon also under a client that does not read."""
        self._end()
        if self._abort is not None:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self._abort)

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the news until the client is gone or the stream is closed."""
        self._abort = scope.get(ABORT)
        listening = asyncio.create_task(self._listen(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            retry = b"retry: %d\n\n" % uniform(*_RETRY_MS)  # noqa: S311  no secret
            await _send(send, retry + (self.news() or _KEEP_ALIVE))
            await self._tell(send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            listening.cancel()

    async def _tell(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self.pause()
        while not self.closed:
            text = b""
            try:
                async with asyncio.timeout_at(due):
                    await self._woken.wait()
                self._woken.clear()
            except TimeoutError:
                if not self.may_go_on():
                    self.close()
                    return
                due = loop.time() + self.pause()
                text = _KEEP_ALIVE
            if not self.closed:
                text = self.news() or text
            if text:
                await _send(send, text)

    def _end(self) -> None:
        self.closed = True
        self._woken.set()

    async def _listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._end()


Opener = Callable[[Call], AbstractContextManager[EventStream]]
"""Takes a call to a stream that is let in, for as long as the block lasts; raises ApiError."""


class _StreamEndpoint:
    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope[CALL]
        call.params = scope["path_params"]
        try:
            opened = self._opener(call)
        except TryAgain as error:
            await error.ready()
            opened = self._opener(call)
        with opened as stream:
            if call.method == "HEAD":
                await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                await send({"type": "http.response.body", "body": b""})
                return
            await stream.run(scope, receive, send)


async def _send(send: Send, text: bytes) -> None:
    """Waits while the client has not taken enough of what was sent before."""
    await send({"type": "http.response.body", "body": text, "more_body": True})


def stream_route(path: str, opener: Opener) -> Route:
    """A path that answers with a stream."""
    made = Route(path, _StreamEndpoint(opener), methods=["GET"], name=path)
    made.path_regex = re.compile(made.path_regex.pattern.removesuffix("$") + r"\Z")
    return made


def event(name: str, data: bytes) -> bytes:
    """Return one event: its id and its data, a line of JSON."""
    return b"id: %b\nevent: message\ndata: %b\n\n" % (name.encode("ascii"), data)
