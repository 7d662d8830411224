"""Member lists: sorted digests in one block of bytes, searched where they lie."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["WIDTH", "MemberList", "pack_members"]

WIDTH: Final = 16


def pack_members(digests: Iterable[bytes]) -> bytes:
    """Return the document of a member list: its distinct digests, sorted."""
    return b"".join(sorted(set(digests)))


class MemberList(Sequence[bytes]):
    """A member document, which may be a memory map that workers share."""

    def __init__(self, data: bytes | memoryview) -> None:
        """Take the bytes of a document; ValueError where they are no whole number of digests."""
        if len(data) % WIDTH:
            raise ValueError(f"a member list of {len(data)} bytes is not whole")
        self._data = data
        self._length = len(data) // WIDTH

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        digest = bytes(self._data[index * WIDTH : (index + 1) * WIDTH])
        if not digest:
            raise IndexError(index)  # how iterating over a sequence comes to its end
        return digest

    def __contains__(self, digest: object) -> bool:
        if not isinstance(digest, bytes):
            return False
        index = bisect_left(self, digest)
        return index < self._length and self[index] == digest
