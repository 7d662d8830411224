"""Answers by the key of what they depend on: bounded in bytes, one for each tenant."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from burgee_edge.figures import Tally
from burgee_http.call import Reply
from burgee_http.fields import Fields
from burgee_http.metrics import Cell

__all__ = ["CacheCounts", "Kept", "ResponseCache"]

_MOST_ASKED: Final = 4096
_OVERHEAD: Final = 500  # bytes that an entry takes beside its body, about
_PER_FLAG: Final = 8  # and for each flag in it


class CacheCounts(Struct, frozen=True):
    """Where all caches of a node count."""

    hits: Cell
    misses: Cell


class Kept:
    """An answer that is at hand: whole, and as the word that it is the same. Their fields name
    the snapshot that gave it last.
    """

    __slots__ = ("base", "etag", "same", "size", "tally", "whole")

    def __init__(self, etag: bytes, body: bytes, fields: Fields, tally: Tally) -> None:
        self.etag = etag
        self.tally = tally
        self.size = len(body) + _OVERHEAD + _PER_FLAG * len(tally.held)
        self.dress(body, fields)

    def dress(self, body: bytes, fields: Fields) -> None:
        """Give both these fields."""
        self.base = fields.base
        self.whole = Reply(200, body, fields)
        self.same = Reply(304, b"", fields)


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
        self._asked_once: set[bytes] = set()
        self._too_large: set[bytes] = set()
        self.bytes = 0

    def knows(self, key: bytes) -> bool:
        """Return whether an answer is kept, or was asked for lately."""
        return key in self._entries or key in self._asked_once

    def admits(self, key: bytes) -> bool:
        """Return whether an answer is worth keeping: whether it was asked for before.

        Most contexts of some apps come once. Keeping their answers costs more than half of what
        evaluating a hundred flags does, most of it for memory that is in no processor's cache.
        """
        if self._max <= 0 or key in self._too_large:
            return False
        if key in self._asked_once:
            self._asked_once.discard(key)
            return True
        if len(self._asked_once) >= _MOST_ASKED:
            self._asked_once.clear()
        self._asked_once.add(key)
        return False

    def miss(self) -> None:
        """Count an answer that was made and is not kept."""
        self._counts.misses.value += 1

    def find(self, key: bytes) -> Kept | None:
        """Return what is kept under `key`; it is not counted, since it may not be needed."""
        return self._entries.get(key)

    def hit(self, key: bytes, kept: Kept) -> None:
        """Count what was found as served."""
        self._entries.move_to_end(key)
        self._counts.hits.value += 1
        kept.tally.count += 1

    def put(self, key: bytes, kept: Kept) -> None:
        """Keep an answer; one that would take more than a quarter of the room is not kept."""
        self._counts.misses.value += 1
        kept.size += len(key)
        if kept.size * 4 > self._max:
            if len(self._too_large) >= _MOST_ASKED:
                self._too_large.clear()
            self._too_large.add(key)
        if kept.size * 4 > self._max or key in self._entries:
            self._settle(kept.tally)
            return
        self._entries[key] = kept
        self.bytes += kept.size
        while self.bytes > self._max:
            _, gone = self._entries.popitem(last=False)
            self.bytes -= gone.size
            self._settle(gone.tally)

    def __len__(self) -> int:
        return len(self._entries)
