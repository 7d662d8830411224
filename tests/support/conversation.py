"""One connection without a socket: bytes in, in the pieces one likes, and the bytes that come out.

What a socket leaves to chance, where a read ends and whether the loop ran since, is given here.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Any, cast

import msgspec
from starlette.types import ASGIApp

from burgee_http.limits import Limits
from burgee_http.protocol import BoundedProtocol
from burgee_http.serve import Listener, make_server

__all__ = ["Connection", "Heard", "converse", "settle"]

_DATE = (b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")
_ID = re.compile(rb'(x-request-id: |"request_id":")[0-9a-f]{32}')


class Heard(msgspec.Struct, frozen=True):
    """What was sent back, less the ids that were made; `direct`: no request became a task."""

    data: bytes
    closed: bool
    direct: bool

    @property
    def statuses(self) -> list[int]:
        return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d+) ", self.data)]


class Connection(asyncio.Transport):
    """Where a protocol writes to."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.closed = True  # all that a client sees of it

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def converse(
    app: ASGIApp,
    pieces: Sequence[bytes],
    *,
    hot: bool,
    patient: bool = True,
    limits: Limits | None = None,
) -> Heard:
    """Feed a connection; a `patient` client waits for what a piece leads to before the next."""
    return asyncio.run(_converse(app, pieces, hot, patient, limits or Limits()))


async def _converse(
    app: ASGIApp, pieces: Sequence[bytes], hot: bool, patient: bool, limits: Limits
) -> Heard:
    server = make_server(Listener(app, limits=limits, hot=hot))
    server.config.load()
    state = server.server_state
    state.default_headers = [_DATE]
    kind = cast(type[BoundedProtocol], server.config.http_protocol_class)
    protocol = kind(server.config, state, {}, asyncio.get_running_loop())
    transport = Connection()
    protocol.connection_made(transport)
    for piece in pieces:
        if transport.closed:
            break
        protocol.data_received(piece)
        if patient:
            await settle(state.tasks)
    await settle(state.tasks)
    direct = protocol.cycle is None
    closed = transport.closed
    protocol.connection_lost(None)
    await settle(state.tasks)
    return Heard(_ID.sub(rb"\1-", bytes(transport.written)), closed, direct)


async def settle(tasks: set[asyncio.Task[None]]) -> None:
    """Wait for the requests that are being answered."""
    while tasks:
        await asyncio.wait(tasks)
