"""Promise: a stream lives as long as its client listens and may; it tells the latest, queues
nothing, and a client that does not read is dropped.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from burgee_http.call import Call
from burgee_http.event_stream import EventStream, event, stream_route
from burgee_http.limits import Limits
from support.echo_app import EchoApp
from support.event_source import EventSource
from support.wire import Wire, running

LIMITS = Limits(head_seconds=0.3, keep_alive_seconds=0.3, write_seconds=0.3)


class Counting(EventStream):
    """Tells a number that grows; every event is padded to `size`."""

    def __init__(self, size: int = 0) -> None:
        super().__init__()
        self.allowed = True
        self.number = self.told = 0
        self.asked = 0
        self._padding = b" " * size

    def news(self) -> bytes:
        self.asked += 1
        if self.told == self.number:
            return b""
        self.told = self.number
        return event(str(self.number), b'{"number":%d}' % self.number + self._padding)

    def pause(self) -> float:
        return 0.1

    def may_go_on(self) -> bool:
        return self.allowed


class Streaming:
    """An application with one stream at `/stream`."""

    def __init__(self, size: int = 0) -> None:
        self.stream = Counting(size)
        self.opened = threading.Event()
        self.over = threading.Event()
        self.cancelled = False
        self.echo = EchoApp(routes=[stream_route("/stream", self._open)])

    @contextmanager
    def _open(self, call: Call) -> Iterator[EventStream]:
        self.opened.set()
        try:
            yield self.stream
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.over.set()

    def tell(self, number: int) -> None:
        self.stream.number = number  # told with the next sign of life at the latest


def test_it_outlives_the_bounds_of_idle_connections() -> None:
    made = Streaming()
    with running(made.echo.app, LIMITS, stopping=made.stream.wake) as port:
        with EventSource(port, "/stream") as source:
            for number in range(1, 7):
                source.comment()
                made.tell(number)
                assert source.event().data == {"number": number}
        assert made.over.wait(5)


def test_a_client_that_goes_ends_it() -> None:
    made = Streaming()
    with running(made.echo.app, LIMITS) as port:
        EventSource(port, "/stream").close()
        assert made.over.wait(5)


def test_it_ends_where_the_client_may_not_go_on() -> None:
    made = Streaming()
    with running(made.echo.app) as port, EventSource(port, "/stream") as source:
        made.stream.allowed = False
        assert source.ended()


@pytest.mark.parametrize("method", [b"POST", b"DELETE"])
def test_other_methods(method: bytes) -> None:
    made = Streaming()
    with running(made.echo.app) as port, Wire(port) as wire:
        wire.send(method + b" /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert wire.answer().status == 405
    assert not made.opened.is_set()


def test_who_does_not_read_is_dropped_and_nothing_is_queued() -> None:
    made = Streaming(size=1_000_000)
    with running(made.echo.app, LIMITS) as port, Wire(port) as wire:
        wire.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert made.opened.wait(5)
        number = 0
        while not made.over.wait(0.01):
            number += 1
            made.tell(number)
            assert number < 3000, "it goes on for ever"
        assert made.stream.asked < number  # while it waits, it is not asked for more


def test_what_was_overtaken_is_not_told() -> None:
    made = Streaming()
    with running(made.echo.app) as port, EventSource(port, "/stream") as source:
        source.comment()
        for number in range(1, 1001):
            made.tell(number)
        told = source.event().data["number"]
        while told != 1000:
            before, told = told, source.event().data["number"]
            assert told > before
        assert made.stream.told == 1000


def test_who_does_not_read_does_not_hold_up_the_end() -> None:
    made = Streaming(size=4_000_000)
    limits = Limits(write_seconds=600)
    with running(made.echo.app, limits, 10, made.stream.close) as port:
        wire = Wire(port)
        wire.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert made.opened.wait(5)
        for number in range(1, 4):
            made.tell(number)
            made.over.wait(0.2)
    with wire:
        assert made.over.wait(5)
    assert not made.cancelled
