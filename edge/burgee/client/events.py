"""Server-sent events of an edge node: a wake-up call to look, whatever they say."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final

from burgee.client.http import Http
from burgee.client.known import Unavailable

__all__ = ["Events"]

_PATH: Final = "/v1/events"
_QUIET: Final = 50.0  # three of the node's keep-alives
_ID: Final = re.compile(rb"[\x21-\x7e]{0,200}")  # it is sent back in a header
_LINE: Final = 1 << 16
_SLOWEST: Final = 60.0
_NOT_OFFERED: Final = 300.0
"""Until it is asked again for, where a node has no events: an older one, or it can't hold more."""


class Events:
    """One stream, opened again and again with growing pauses; the polling goes on beside it."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._stop = threading.Event()
        self._last = ""

    def stop(self) -> None:
        """Stop listening, from any thread; the connection is closed by its owner."""
        self._stop.set()

    def follow(self, wake: Callable[[], None]) -> None:
        """Listen until stopped."""
        failures = 0
        while not self._stop.is_set():
            try:
                offered = self._listen(wake)
                failures = 0
                pause = random.uniform(0.2, 1.0) if offered else _NOT_OFFERED  # noqa: S311
            except (OSError, HTTPException, ValueError, Unavailable):
                # The poll tells of an unreachable node; saying it twice would help nobody.
                failures += 1
                longest = min(_SLOWEST, 2.0 ** min(failures, 6))
                pause = random.uniform(longest / 2, longest)  # noqa: S311
            self._stop.wait(pause)

    def _listen(self, wake: Callable[[], None]) -> bool:
        """Read one stream to its end; False where the node offers none."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self._last:
            headers["Last-Event-ID"] = self._last
        connection, response = self._http.stream(_PATH, headers, _QUIET)
        try:
            kind = response.getheader("content-type", "")
            if response.status != 200 or not kind.startswith("text/event-stream"):
                return False
            return self._read(connection, response, wake)
        finally:
            self._http.end(connection)

    def _read(
        self, connection: HTTPConnection, response: HTTPResponse, wake: Callable[[], None]
    ) -> bool:
        told = False
        while not self._stop.is_set():
            line = response.readline(_LINE)
            if not line:
                break
            field, _, value = line.rstrip(b"\r\n").partition(b":")
            if field == b"data":
                told = True
            elif field == b"id" and _ID.fullmatch(value.strip()):
                self._last = value.strip().decode("ascii")
            elif not field and not value and told:
                told = False
                wake()
        return True
