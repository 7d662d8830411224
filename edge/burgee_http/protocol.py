"""uvicorn's HTTP protocol with bounds on head, body and time, and without upgrades.

uvicorn bounds neither the head nor how long a request takes to arrive, and drops the body of one
that offers `Upgrade: h2c` (uvicorn#2722), as every Java client does. Here a request is handed to
the application only once it is whole, so nothing is held by a slow one but its connection. One
that breaks a limit goes to the application too, in its place among pipelined ones, with the error
in its scope: so the answer has the same form, headers and log line as any other.

A plain request that finds the connection idle does not come to any of this: the hot path answers.
"""

import asyncio
import re
from asyncio.events import TimerHandle
from time import perf_counter
from typing import Any, ClassVar, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from burgee_http.errors import ApiError, from_status
from burgee_http.flow import Flow, Lingering
from burgee_http.heads import announced_length, judge_head, without_offer
from burgee_http.hot import Caller, HotPath
from burgee_http.limits import Limits

__all__ = ["ABORT", "REFUSED", "BoundedProtocol", "protocol_class"]

REFUSED: Final = "burgee.refused"  # where the error of a refused request stands in its ASGI scope
ABORT: Final = "burgee.abort"  # what ends its connection at once, whatever has not been sent

_SLASHES = re.compile(rb"/{2,}")

# How much of the current request has arrived.
_NONE, _HEAD, _BODY = range(3)

# A request is a hundred times larger in memory than the least one is on the wire. So what arrives
# is parsed in pieces, and no further while this many pipelined requests wait.
_PIECE = 8 * 1024
_MOST_WAITING = 16
_MOST_AT_ONCE = 64  # pipelined requests that the hot path answers before others have their turn


class BoundedProtocol(HttpToolsProtocol):
    limits: ClassVar[Limits] = Limits()
    hot: ClassVar[HotPath | None] = None
    draining: ClassVar[bool] = False  # the server is about to stop: no answer but the last

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._phase = _NONE
        self._seen = 0  # bytes of the head, or of the body, in the reads that hold nothing else
        self._read = 0  # bytes of the present read
        self._lead = 0  # bytes of the read in which the present request began
        self._later = b""  # read, and parsed once fewer requests wait
        self._timer: TimerHandle | None = None
        self._unread: TimerHandle | None = None  # runs while the client does not read
        self._held: RequestResponseCycle | None = None  # waits for its body
        self._running: RequestResponseCycle | None = None  # is being answered
        self._offered = False  # the head offers an upgrade and is to be read again without it
        self._refused = False  # nothing that arrives from now on is read
        self._stopping = False
        self._caller = Caller()

    # What the transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = Flow(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.limits.head_seconds, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._unset_keepalive_if_required()
        if self._running is not None:  # uvicorn tells only the last of pipelined requests
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)
        self.resume_writing()
        self._running = self._held = None
        if self._answered():
            self.cycle = cast(Any, None)  # a refused request's leads back to us

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        hot = self.hot
        cycle: RequestResponseCycle | None = self.cycle
        idle = (cycle is None or cycle.response_complete) and self._phase == _NONE
        if idle and hot is not None and not self._later:
            data = self._answer_at_once(data, hot)
            if not data:
                return
        if len(data) <= _PIECE and len(self.pipeline) < _MOST_WAITING:
            self._take(data)
        else:
            self._take_in_pieces(self._later + data)

    def _answer_at_once(self, data: bytes, hot: HotPath) -> bytes:
        """Let the hot path answer what it can; returns the rest, which takes the ordinary way."""
        caller, turns = self._caller, 0
        while turns < _MOST_AT_ONCE and not self.flow.write_paused:
            turns += 1
            answer = hot.answer(data, caller, self.server_state.default_headers)
            if answer is None:
                break
            self._seen = 0
            self.transport.write(answer)
            if caller.ends == len(data):
                return b""
            data = data[caller.ends :]
        return data

    def _take_in_pieces(self, data: bytes) -> None:
        self._later = b""
        for at in range(0, len(data), _PIECE):
            if self._refused:
                return
            if len(self.pipeline) >= _MOST_WAITING:
                self._later = data[at:]
                break
            self._take(data[at : at + _PIECE])
        cast(Flow, self.flow).hold(bool(self._later))

    def _take(self, data: bytes) -> None:
        self._read = len(data)
        self._seen += len(data)
        self._feed(data)
        if self._phase != _NONE and not self._refused:
            self._bound()

    def _feed(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                if self._refused:
                    return
                data = self._without_offer() + data[upgrade.args[0] :]
            except httptools.HttpParserError:
                if not self._refused:
                    self._refuse(from_status(400))
                return

    def _without_offer(self) -> bytes:
        """The head that was just read, less its offer, for a parser that has not seen it."""
        version = self.parser.get_http_version().encode()
        line = b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)
        self._offered = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return without_offer(line, self.headers)

    # What the parser calls

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = _HEAD
        self._lead = self._read
        self._unset_keepalive_if_required()

    def on_headers_complete(self) -> None:
        if self._refused:
            return
        self._stop_timer()
        error = self._judge_head()
        if error is None and self.parser.should_upgrade():
            self._offered = True
            return
        if error is not None:
            cast(dict[str, Any], self.scope)[REFUSED] = error
            self.expect_100_continue = False
        if b"//" in self.url:
            path, mark, query = self.url.partition(b"?")
            self.url = _SLASHES.sub(b"/", path) + mark + query if path[:1] == b"/" else self.url
        super().on_headers_complete()
        self.headers = []  # trailers are no headers: they must not reach the scope
        self._phase = _BODY
        self._seen = 0
        if self._stopping or self.draining:
            self.cycle.keep_alive = False
        if error is not None:
            self._end(self.cycle, error)

    def on_body(self, body: bytes) -> None:
        if self._refused:
            return
        self.cycle.body += body
        if len(self.cycle.body) > self.limits.body_bytes:
            self._refuse(from_status(413))

    def on_message_complete(self) -> None:
        if self._refused or self._offered:
            return
        self._stop_timer()
        self._phase = _NONE
        self._seen = 0
        self._complete(self.cycle)

    # Limits

    def _judge_head(self) -> ApiError | None:
        method, version = self.parser.get_method(), self.parser.get_http_version()
        at_most = self._lead + self._seen
        error = judge_head(method, version, self.url, self.headers, self.limits, at_most)
        if error is not None or not self.expect_100_continue:
            return error
        return from_status(413) if announced_length(self.headers) > self.limits.body_bytes else None

    def _bound(self) -> None:
        """After a read that ends within a request."""
        limits = self.limits
        if self._phase == _HEAD:
            if self._seen > limits.head_bytes:
                self._refuse(from_status(431))
                return
            seconds = limits.head_seconds
        else:
            # Chunks of a byte, their extensions and trailers may outweigh what they carry.
            if self._seen > 8 * limits.body_bytes + 65_536:
                self._refuse(from_status(413))
                return
            announced = announced_length(self.scope["headers"]) if self._timer is None else 0
            if announced > limits.body_bytes:
                self._refuse(from_status(413))
                return
            seconds = limits.body_seconds
        if self._timer is None:
            self._timer = self.loop.call_later(seconds, self._too_slow, seconds)

    def _too_slow(self, seconds: float) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self.flow.read_paused:  # it is we who do not read, while earlier requests are answered
            self._timer = self.loop.call_later(seconds, self._too_slow, seconds)
            return
        self._refuse(from_status(408))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Starting and ending requests

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if not cycle.more_body:
            self._running = cycle
            cast(dict[str, Any], cycle.scope)[ABORT] = self.transport.abort
            super()._start_asgi_task(cycle, app)
            return
        self._held = cycle
        if cycle.waiting_for_100_continue:
            cycle.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _complete(self, cycle: RequestResponseCycle) -> None:
        cycle.more_body = False
        cycle.message_event.set()
        if self._held is cycle:
            self._held = None
            self._start_asgi_task(cycle, self.app)

    def _refuse(self, error: ApiError) -> None:
        if self._phase == _BODY:
            self._end(self.cycle, error)
            return
        if self._phase == _NONE:
            self.on_message_begin()
        scope = cast(dict[str, Any], self.scope)
        scope.update(method="-", path="/", raw_path=b"/", query_string=b"")
        answered = self._answered()
        self.cycle = self._new_cycle()
        self._held = self.cycle if answered else None
        if not answered:
            self.pipeline.appendleft((self.cycle, self.app))
        self._end(self.cycle, error)

    def _end(self, cycle: RequestResponseCycle, error: ApiError) -> None:
        """The last request of this connection, answered with the error."""
        self._stop_timer()
        self._refused = True
        self._later = b""
        cast(Flow, self.flow).held = False
        cast(dict[str, Any], cycle.scope)[REFUSED] = error
        cycle.keep_alive = False
        cycle.transport = cast(asyncio.Transport, Lingering(self))
        cycle.body.clear()
        self._complete(cycle)

    def _new_cycle(self) -> RequestResponseCycle:
        return RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            if self.transport.get_write_buffer_size():  # what the client does not read
                self.loop.call_later(self.limits.write_seconds, self.transport.abort)
            return
        if self._later:
            self._take_in_pieces(self._later)
        if self._phase != _NONE or self._refused:
            self._unset_keepalive_if_required()

    def _answered(self) -> bool:
        """Whether no request that has arrived waits for its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def linger(self) -> None:
        """Ends our side, and reads on for a while: closing on a client that is still sending
        would reset the connection, and the answer would be lost with it.
        """
        if self.transport.is_closing():
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(self.limits.linger_seconds, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def timeout_keep_alive_handler(self) -> None:
        # The hot path leaves the timer as it is; so it may find that it runs too early.
        rest = self._caller.answered_at + self.timeout_keep_alive - perf_counter()
        if rest > 0:
            self.timeout_keep_alive_task = self.loop.call_later(
                rest, self.timeout_keep_alive_handler
            )
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # closing would wait for the client to read
        else:
            super().timeout_keep_alive_handler()

    def drain(self) -> None:
        """Make the answer that is under way the last one; see `draining` for those to come."""
        if not self._answered():
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        if self._phase == _HEAD and self._answered() and not self._refused:
            self._stopping = True  # a request that has begun to arrive is still answered
        else:
            super().shutdown()


def protocol_class(limits: Limits, hot: HotPath | None = None) -> type[BoundedProtocol]:
    return type("BoundedProtocol", (BoundedProtocol,), {"limits": limits, "hot": hot})
