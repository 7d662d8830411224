"""The file that an index is kept in: whole, of this repository and these keys, or as good as none.

It is a copy of what git says, so what is wrong with it is no error: it is made anew.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from burgee.whole_files import put_whole
from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.history.records import Record

__all__ = ["IndexFile", "Kept"]

_NAME: Final = "history.index"
_FORM: Final = b"burgee history 1\n"
"""To be raised whenever records hold something else for the same commit."""
_DIGEST: Final = 32


class Kept(Struct, frozen=True, array_like=True):
    """What is kept, and of what: a file of another repository or other keys tells nothing."""

    about: tuple[str, str, str]
    tip: str
    records: Sequence[Record]


class IndexFile:
    """Reads and writes the index in a state folder."""

    def __init__(self, folder: Path, repository: Path, inside: str, keys: CommitKeys) -> None:
        self._path = folder / _NAME
        self._about = (str(repository.resolve()), inside, keys.digest)

    def read(self) -> Kept | None:
        """Return what is kept, None where there is nothing that can be trusted."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return None
        head = len(_FORM) + _DIGEST
        content = memoryview(data)[head:]
        if not data.startswith(_FORM):
            return None
        if not hmac.compare_digest(data[len(_FORM) : head], sha256(content).digest()):
            return None
        try:
            kept = msgspec.msgpack.decode(content, type=Kept)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return kept if kept.about == self._about else None

    def write(self, tip: str, records: Sequence[Record]) -> None:
        """Put the index in place, whole; that it cannot be is no error."""
        try:
            content = msgspec.msgpack.encode(Kept(self._about, tip, records))
        except UnicodeEncodeError:  # a path that is no text
            return
        with suppress(OSError):
            put_whole(self._path, _FORM + sha256(content).digest() + content, 0o600)
