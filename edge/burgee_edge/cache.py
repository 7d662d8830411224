"""Answers by the key of what they depend on: bounded in bytes, one for each tenant."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from burgee_edge.figures import Tally
from burgee_http.fields import Fields
from burgee_http.metrics import Cell

__all__ = ["CacheCounts", "Kept", "ResponseCache"]

_OVERHEAD: Final = 500  # bytes that an entry takes beside its body, about
_PER_FLAG: Final = 8  # and for each flag in it


class CacheCounts(Struct, frozen=True):
    """Where all caches of a node count."""

    hits: Cell
    misses: Cell


class Kept(Struct, eq=False, gc=False):
    """An answer that is at hand; `fields` are those it last had, which name a snapshot."""

    etag: bytes
    fields: Fields
    body: bytes
    tally: Tally
    size: int


class ResponseCache:
    """The least recently used answers go first. Keys are all that an answer depends on, or a
    SHA-256 of it: contexts could be made to collide under a weaker hash, and one user would see
    another's answers.
    """

    def __init__(
        self, max_bytes: int, counts: CacheCounts, settle: Callable[[Tally], None]
    ) -> None:
        self._max = max_bytes
        self._counts = counts
        self._settle = settle
        self._entries: OrderedDict[bytes, Kept] = OrderedDict()
        self.bytes = 0

    def find(self, key: bytes) -> Kept | None:
        """Return what is kept under `key`; it is not counted, since it may not be needed."""
        return self._entries.get(key)

    def hit(self, key: bytes, kept: Kept) -> bytes:
        """Count what was found as served, and return its body."""
        self._entries.move_to_end(key)
        self._counts.hits.value += 1
        kept.tally.count += 1
        return kept.body

    def put(self, key: bytes, etag: bytes, fields: Fields, body: bytes, tally: Tally) -> None:
        """Keep a body; one that would take more than a quarter of the room is not kept."""
        self._counts.misses.value += 1
        size = len(body) + len(key) + _OVERHEAD + _PER_FLAG * len(tally.held)
        if size * 4 > self._max or key in self._entries:
            self._settle(tally)
            return
        self._entries[key] = Kept(etag, fields, body, tally, size)
        self.bytes += size
        while self.bytes > self._max:
            _, gone = self._entries.popitem(last=False)
            self.bytes -= gone.size
            self._settle(gone.tally)

    def __len__(self) -> int:
        return len(self._entries)
