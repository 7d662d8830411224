"""Request ids: the caller's own where it is a safe token, else 128 random bits in hex."""

import os
import re
from typing import Final

__all__ = ["new_request_id", "offered_request_id"]

# No blanks, quotes, control or non-ASCII characters: the id is put into headers and log lines.
_SAFE: Final = re.compile(rb"[A-Za-z0-9._:+/=@~-]{1,128}")
_DIGITS: Final = 32
_AT_ONCE: Final = 256


class _Pool:
    """Asks the system for the bits of many ids at once: a call for each costs more than an id."""

    def __init__(self) -> None:
        self._digits = ""
        self._next = 0

    def empty(self) -> None:
        self._digits, self._next = "", 0

    def take(self) -> str:
        start = self._next
        found = self._digits[start : start + _DIGITS]
        if not found:
            self._digits = os.urandom(_AT_ONCE * _DIGITS // 2).hex()
            start, found = 0, self._digits[:_DIGITS]
        self._next = start + _DIGITS
        return found


_POOL: Final = _Pool()
os.register_at_fork(after_in_child=_POOL.empty)  # or workers would give the same ids

new_request_id: Final = _POOL.take


def offered_request_id(offered: bytes | None) -> str | None:
    """The caller's id, where it is a safe token."""
    if offered is not None and _SAFE.fullmatch(offered):
        return offered.decode("ascii")
    return None
