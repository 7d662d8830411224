"""Bytes of a connection, straight into a node's protocol class, whole and in two reads."""

from __future__ import annotations

import asyncio
import atexit
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, cast

from burgee_http.protocol import BoundedProtocol
from burgee_http.serve import Listener, make_server
from support.conversation import Connection, settle
from support.edge import ACME, handlers

__all__ = ["run"]

_MOST_READ = 64


def run(data: bytes) -> None:
    """Take what one caller sends; every answer is a whole one, and none is a 500."""
    loop, server, kind = _served()
    loop.run_until_complete(_converse(loop, server, kind, data))


@cache
def _served() -> tuple[asyncio.AbstractEventLoop, Any, type[BoundedProtocol]]:
    with tempfile.TemporaryDirectory() as folder:
        server = make_server(Listener(handlers(Path(folder), {"acme": ACME})[1]))
    server.config.load()
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop, server, cast(type[BoundedProtocol], server.config.http_protocol_class)


async def _converse(
    loop: asyncio.AbstractEventLoop, server: Any, kind: type[BoundedProtocol], data: bytes
) -> None:
    for cut in {len(data), len(data) // 2}:
        protocol = kind(server.config, server.server_state, {}, loop)
        transport = Connection()
        protocol.connection_made(transport)
        for part in (data[:cut], data[cut:]):
            if part and not transport.closed:
                protocol.data_received(part)
                await settle(server.server_state.tasks)
        protocol.connection_lost(None)
        await settle(server.server_state.tasks)
        assert b"HTTP/1.1 500" not in transport.written, bytes(transport.written[:200])
