"""Running applications under uvicorn, on one event loop, until a signal ends it gracefully."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

import msgspec
import structlog
import uvicorn
from starlette.types import ASGIApp

from burgee_http.limits import Limits
from burgee_http.protocol import BoundedProtocol, protocol_class

try:
    from uvloop import new_event_loop
except ImportError:  # there is none for Windows
    from asyncio import new_event_loop  # type: ignore[assignment]

__all__ = [
    "Listener",
    "ServeError",
    "Server",
    "address",
    "bind",
    "make_server",
    "new_event_loop",
    "print_listening",
    "serve",
    "serve_on",
]

_log = structlog.get_logger("burgee.serve")
_TICK: Final = 0.02
_LAST_CALL: Final = 0.2  # seconds before the end of draining, when nobody is let in any more
_IMPATIENT: Final = 1.0  # supervisors send one signal to a process and to its group


class ServeError(Exception):
    """An address that cannot be listened on."""


class Listener(msgspec.Struct, frozen=True):
    """An application and where it listens; port 0 takes a free one.

    `stopping` is called when the end begins, for streams to be closed. From then on connections
    are answered for `drain_seconds` more, each for the last time.
    """

    app: ASGIApp
    host: str = "127.0.0.1"
    port: int = 0
    limits: Limits = Limits()
    drain_seconds: float = 1.0
    stopping: Callable[[], None] = lambda: None


class Server(uvicorn.Server):
    """uvicorn's server; signals are left to whoever runs it, and no connection outlives it."""

    started_hook: Callable[[], None] | None = None
    stopping: Callable[[], None] = staticmethod(lambda: None)
    drain_seconds = 0.0

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and self.started_hook is not None:
            self.started_hook()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.stopping()
        await self._drain()
        await super().shutdown(sockets=sockets)
        for connection in list(self.server_state.connections):
            transport = cast(Any, connection).transport
            if transport is not None:
                transport.abort()

    async def _drain(self) -> None:
        """Answer once more whoever does not know yet that this is the end. A connection that is
        closed just when its client sends would be reset, and the request lost.
        """
        protocol = cast(type[BoundedProtocol], self.config.http_protocol_class)
        protocol.draining = True
        for connection in list(self.server_state.connections):
            cast(BoundedProtocol, connection).drain()
        until = time.monotonic() + self.drain_seconds
        await self._wait_for_connections(until - _LAST_CALL)
        for server in self.servers:
            server.close()
        await self._wait_for_connections(until)  # who came in last has hardly sent anything yet

    async def _wait_for_connections(self, until: float) -> None:
        """Wait until there are none, or for so long."""
        while self._goes_on(until):  # noqa: ASYNC110  uvicorn tells nobody when they change
            await asyncio.sleep(_TICK)

    def _goes_on(self, until: float) -> bool:
        in_time = time.monotonic() < until and not self.force_exit
        return in_time and bool(self.server_state.connections)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; made before anything else, so that a taken port is told at once."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        raise ServeError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return listening


def make_server(listener: Listener, grace_seconds: float = 30.0) -> Server:
    drain_seconds = min(listener.drain_seconds, grace_seconds)
    config = uvicorn.Config(
        cast(Any, listener.app),
        http=cast(Any, protocol_class(listener.limits)),
        interface="asgi3",
        loop="none",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=cast(Any, listener.limits.keep_alive_seconds),
        timeout_graceful_shutdown=cast(Any, grace_seconds - drain_seconds),
    )
    server = Server(config)
    server.drain_seconds = drain_seconds
    server.stopping = listener.stopping
    return server


def print_listening(addresses: Sequence[str]) -> None:
    sys.stdout.write(f"listening on {addresses[0]}\n")
    sys.stdout.flush()


def serve(
    listeners: Sequence[Listener],
    *,
    grace_seconds: float = 30.0,
    ready: Callable[[Sequence[str]], None] = print_listening,
    stopping: Callable[[], None] = lambda: None,
) -> int:
    """Serves until SIGTERM (0) or SIGINT (130); requests under way are finished within the bound.
    An application that cannot start ends it with SystemExit(3).

    `ready` gets the addresses once all listen; `stopping` is called when the end has begun, for
    streams to be closed. A second signal, a second later or more, ends it at once.
    """
    sockets = [bind(listener.host, listener.port) for listener in listeners]
    return serve_on(listeners, sockets, grace_seconds=grace_seconds, ready=ready, stopping=stopping)


def serve_on(
    listeners: Sequence[Listener],
    sockets: Sequence[socket.socket],
    *,
    grace_seconds: float = 30.0,
    ready: Callable[[Sequence[str]], None] = print_listening,
    stopping: Callable[[], None] = lambda: None,
) -> int:
    """The same on sockets that are bound already, which several processes may share."""
    servers = [make_server(listener, grace_seconds) for listener in listeners]
    addresses = [address(bound) for bound in sockets]
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_run(servers, sockets, lambda: ready(addresses), stopping))


async def _run(
    servers: Sequence[Server],
    sockets: Sequence[socket.socket],
    ready: Callable[[], None],
    stopping: Callable[[], None],
) -> int:
    received: list[tuple[signal.Signals, float]] = []

    def stop(number: signal.Signals) -> None:
        now = asyncio.get_running_loop().time()
        if not received:
            received.append((number, now))
            _log.info("stopping", signal=number.name)
            stopping()
            for server in servers:
                server.should_exit = True
        elif now - received[0][1] > _IMPATIENT:
            # uvicorn tells of what it cancels with a traceback, which nobody asked for.
            logging.getLogger("uvicorn.error").disabled = True
            for server in servers:
                server.force_exit = True

    def started() -> None:
        if all(server.started for server in servers):
            ready()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    for server in servers:
        server.started_hook = started
    pairs = zip(servers, sockets, strict=True)
    await asyncio.gather(*(server.serve(sockets=[bound]) for server, bound in pairs))
    _log.info("stopped")
    return 130 if received and received[0][0] == signal.SIGINT else 0


def address(bound: socket.socket) -> str:
    """The URL of what listens on a socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
