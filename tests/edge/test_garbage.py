"""Connections and requests leave no cycles behind.

A node exempts all there is from collections with each snapshot that it takes, so cycles that are
garbage at that moment would stay for good.
"""

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from burgee_http.application import Application
from burgee_http.protocol import BoundedProtocol
from burgee_http.serve import Listener, make_server
from support.conversation import Connection, settle
from support.edge import ACME, handlers

_HEAD = b"POST %b HTTP/1.1\r\nHost: localhost\r\nX-Tenant-ID: acme\r\n%b\r\n"
BULK = b"/ofrep/v1/evaluate/flags"

REQUESTS = {
    "hot": _HEAD % (BULK, b"Content-Length: 2\r\n") + b"{}",
    "hot, refused": _HEAD % (BULK, b"Content-Length: 1\r\n") + b"{",
    "ordinary": _HEAD % (b"/v1/evaluate/all", b"Content-Length: 2\r\n") + b"{}",
    "ordinary, refused": _HEAD % (b"/v1/evaluate/all", b"Content-Length: 1\r\n") + b"{",
    "unknown path": _HEAD % (b"/nothing", b"Content-Length: 2\r\n") + b"{}",
    "no POST": b"GET /healthz HTTP/1.1\r\n\r\n",
    "the last": _HEAD % (BULK, b"Connection: close\r\nContent-Length: 2\r\n") + b"{}",
    "too large": _HEAD % (BULK, b"Content-Length: 99999999\r\n"),
    "offer": _HEAD % (BULK, b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n")
    + b"{}",
    "nonsense": b"hello\r\n\r\n",
    "half a head": b"POST / HTTP/1.1\r\nHo",
    "half a body": _HEAD % (BULK, b"Content-Length: 2\r\n") + b"{",
    "many at once": (_HEAD % (b"/nothing", b"Content-Length: 2\r\n") + b"{}") * 30,
}


@pytest.mark.parametrize("name", REQUESTS)
def test_nothing_is_left_to_be_collected(tmp_path: Path, name: str) -> None:
    application = handlers(tmp_path, {"acme": ACME})[1]
    asyncio.run(_converse(application, REQUESTS[name]))


async def _converse(application: Application, data: bytes) -> None:
    server = make_server(Listener(application))
    server.config.load()
    state = server.server_state
    kind = cast(type[BoundedProtocol], server.config.http_protocol_class)

    async def once() -> None:
        protocol = kind(server.config, state, {}, asyncio.get_running_loop())
        transport = Connection()
        protocol.connection_made(transport)
        for _ in range(3):
            if not transport.closed:
                protocol.data_received(data)
                await settle(state.tasks)
        protocol.connection_lost(None)
        await settle(state.tasks)

    await once()
    with garbage() as found:
        await once()
        await asyncio.sleep(0)
    assert found == {}


@contextmanager
def garbage() -> Iterator[Counter[str]]:
    """What only a collection frees of all that the block makes, by type."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    flags, kept = gc.get_debug(), gc.garbage
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found.update(type(each).__name__ for each in kept)
    finally:
        kept.clear()
        gc.set_debug(flags)
        gc.enable()
