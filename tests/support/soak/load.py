"""Callers: each asks its door again and again on one connection, for every flag of a user."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from support.soak.history import ARMS, FLAGS
from support.soak.watch import Answered, Missed

__all__ = ["Load"]

_PATIENCE: Final = 20.0
_ASKED: Final = [*FLAGS, ARMS]


class Load:
    """Callers of several doors (name → port of loopback), `callers` of them for each."""

    def __init__(self, doors: Mapping[str, int], callers: Mapping[str, int], pause: float) -> None:
        self.answered: list[Answered] = []
        self.missed: list[Missed] = []
        self._doors = doors
        self._callers = callers
        self._pause = pause
        self._stop = threading.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Call until the block ends."""
        thread = threading.Thread(target=lambda: asyncio.run(self._all()))
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    async def _all(self) -> None:
        tasks = [
            self._caller(name, port, random.Random(f"{name}{number}"))
            for name, port in self._doors.items()
            for number in range(self._callers[name])
        ]
        await asyncio.gather(*tasks)

    async def _caller(self, door: str, port: int, draw: random.Random) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self._stop.is_set():
            await asyncio.sleep(self._pause * draw.uniform(0.5, 1.5))
            since, user = time.monotonic(), f"u-{draw.randrange(10_000)}"
            try:
                async with asyncio.timeout(_PATIENCE):
                    if streams is None:
                        streams = await asyncio.open_connection("127.0.0.1", port)
                    status, body, goes_on = await _ask(*streams, port, user)
                now = time.monotonic()
                if status == 200:
                    self._take(now, door, user, body)
                    if goes_on:
                        continue
                else:
                    self.missed.append(Missed(since, now, door, f"{status} {body[:200]!r}"))
            except (OSError, EOFError, ValueError) as error:
                self.missed.append(Missed(since, time.monotonic(), door, repr(error)))
            if streams is not None:
                streams[1].close()
            streams = None
        if streams is not None:
            streams[1].close()
            await streams[1].wait_closed()

    def _take(self, at: float, door: str, user: str, body: bytes) -> None:
        told = json.loads(body)
        given = {each["flag_key"]: each["value"] for each in told["flags"]}
        self.answered.append(Answered(at, door, user, told["version"], given))


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, user: str
) -> tuple[int, bytes, bool]:
    """Return status and body, and whether the connection may be used again."""
    body = json.dumps({"user": {"id": user, "attributes": {}}, "flags": _ASKED}).encode()
    head = f"POST /v1/evaluate/all HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Tenant-ID: acme\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in told[1:] if line)
    data = await reader.readexactly(int(fields["content-length"]))
    return int(told[0].split(" ", 2)[1]), data, fields.get("connection") != "close"
