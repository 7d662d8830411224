"""Member lists: sorted digests in one block of bytes, searched where they lie."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final

__all__ = ["WIDTH", "MemberList", "pack_members"]

WIDTH: Final = 16
_FIRST: Final = Struct(">Q").unpack_from  # the first half of a digest, as a number
_NEAR: Final = 16


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
        """Return whether a digest is listed.

        Digests of SHA-256 are spread evenly, so where one would lie is known but for about the
        square root of their number, and from what lies there but for the root of that
        (interpolation search; Perl, Itai and Avni, 1978): then it is looked for nearby. Lists that
        are not spread so, or are short, are halved.
        """
        if not isinstance(digest, bytes) or len(digest) != WIDTH:
            return False
        data, length = self._data, self._length
        if length > 2 * _NEAR:
            (wanted,) = _FIRST(digest)
            at = wanted * length >> 64
            at += (wanted - _FIRST(data, at * WIDTH)[0]) * length >> 64
            at = min(max(at, 0), length - 1)
            at += (wanted - _FIRST(data, at * WIDTH)[0]) * length >> 64
            start = min(max(at - _NEAR, 0), length - 2 * _NEAR) * WIDTH
            near = bytes(data[start : start + 2 * _NEAR * WIDTH])
            if near[:WIDTH] <= digest <= near[-WIDTH:]:
                found = near.find(digest)
                while found % WIDTH and found >= 0:
                    found = near.find(digest, found + 1)
                return found >= 0
        index = bisect_left(self, digest)
        return index < length and self[index] == digest
