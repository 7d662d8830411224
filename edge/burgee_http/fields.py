"""Header fields as they go onto the wire, so that a block many answers share is made once."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

__all__ = ["Fields", "Header"]

Header = tuple[bytes, bytes]

# What would end a field, or the head.
_UNSAFE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Fields:
    """A block of header fields, which may be a shared one and a few `lines` more: bytes first,
    pairs for whoever asks for them.
    """

    __slots__ = ("base", "lines")

    def __init__(self, lines: bytes, base: "Fields | None" = None) -> None:
        self.lines = lines
        self.base = base

    @classmethod
    def of(cls, pairs: Iterable[Header]) -> "Fields":
        """ValueError for a value that is none of one line."""
        lines: list[bytes] = []
        for name, value in pairs:
            if _UNSAFE.search(value):
                raise ValueError(f"the header {name.decode()} would not stay in its line")
            lines += (name, b": ", value, b"\r\n")
        return cls(b"".join(lines))

    @property
    def wire(self) -> bytes:
        return self.lines if self.base is None else self.base.wire + self.lines

    def __iter__(self) -> Iterator[Header]:
        for line in self.wire.split(b"\r\n")[:-1]:
            name, _, value = line.partition(b": ")
            yield name, value
