"""Bytes of files that are looked at once more: comments, and so excuses, stand in no definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256

from burgee_compiler.changed import Changed
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.excuses import IDLE

__all__ = ["Sources"]


class Sources:
    """Files with excuses, as they were when this run read them or found that it need not."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._kept: dict[str, bytes] = {}
        self._digests: dict[str, bytes] = {}

    def keep(self, path: str, data: bytes, found: Iterable[Diagnostic]) -> None:
        """Keep a file that was read, if what was found in it is an excuse."""
        if _is_excusing(found):
            self._kept[path] = data

    def expect(self, path: str, digest: bytes, found: Iterable[Diagnostic]) -> None:
        """Take note of a file that was not read here: what is read of it is to be the same."""
        if digest and _is_excusing(found):
            self._digests[path] = digest

    def read(self, path: str) -> bytes:
        """Return a file's bytes; Changed where they are no longer what was found to be so."""
        data = self._kept.get(path)
        if data is not None:
            return data
        try:
            data = self._read(path)
        except OSError as error:
            raise Changed(path) from error
        digest = self._digests.get(path)
        if digest is not None and sha256(data).digest() != digest:
            raise Changed(path)
        return data


def _is_excusing(found: Iterable[Diagnostic]) -> bool:
    return any(each.code == IDLE for each in found)
