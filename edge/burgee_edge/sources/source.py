"""What every source can do."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final, Protocol

__all__ = ["HEARTBEAT", "MANIFEST", "MOST_MANIFEST", "MOST_SIGNATURES", "Source", "most_bytes"]

MANIFEST: Final = "manifest.json"
HEARTBEAT: Final = "heartbeat.json"
MOST_MANIFEST: Final = 16 << 20
MOST_SIGNATURES: Final = 1 << 16


class Source(Protocol):
    """The files of one environment, by their path in the dist layout.

    `read` blocks and is called by one thread at a time; the rest is of the event loop.
    """

    @property
    def local(self) -> bool:
        """Whether what it holds was written on this machine, so that it may be unsigned."""

    @property
    def place(self) -> str:
        """What messages call it; holds no secret."""

    def read(self, path: str) -> bytes:
        """Return a file; OSError where there is none, Refused where it cannot be had."""

    def others(self) -> str:
        """Return what may be said where the manifest is not there, for a message."""

    def changes(self, stop: asyncio.Event, wake: asyncio.Event) -> AsyncGenerator[None, None]:
        """Yield whenever it is time to look, until `stop` is set; at once where `wake` is."""

    def interrupt(self) -> None:
        """End what waits for an answer, from any thread."""

    def close(self) -> None:
        """Let go of what is kept open; nothing reads any more."""


def most_bytes(path: str, most_document: int) -> int:
    """Return how long a file may be."""
    if path in (MANIFEST, HEARTBEAT) or "/manifest-" in path:
        return MOST_MANIFEST if path.endswith(".json") else MOST_SIGNATURES
    return MOST_SIGNATURES if path.endswith(".sig") else most_document
