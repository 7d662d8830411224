"""Header fields as they go onto the wire, so that a block many answers share is made once."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

__all__ = ["Fields", "Header"]

Header = tuple[bytes, bytes]

# What would end a field, or the head.
_UNSAFE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Fields:
    """A block of header fields: bytes first, pairs for whoever asks for them."""

    __slots__ = ("wire",)

    def __init__(self, wire: bytes) -> None:
        self.wire = wire

    @classmethod
    def of(cls, pairs: Iterable[Header]) -> "Fields":
        """ValueError for a value that is none of one line."""
        lines: list[bytes] = []
        for name, value in pairs:
            if _UNSAFE.search(value):
                raise ValueError(f"the header {name.decode()} would not stay in its line")
            lines += (name, b": ", value, b"\r\n")
        return cls(b"".join(lines))

    def plus(self, name: bytes, value: bytes) -> "Fields":
        """The block with one more field, whose value is known to be safe."""
        return Fields(b"%b%b: %b\r\n" % (self.wire, name, value))

    def __iter__(self) -> Iterator[Header]:
        for line in self.wire.split(b"\r\n")[:-1]:
            name, _, value = line.partition(b": ")
            yield name, value
