"""Request ids: the caller's own where it is a safe token, else 128 random bits in hex."""

import os
import re
from typing import Final

__all__ = ["new_request_id", "offered_request_id"]

# No blanks, quotes, control or non-ASCII characters: the id is put into headers and log lines.
_SAFE: Final = re.compile(rb"[A-Za-z0-9._:+/=@~-]{1,128}")
_DIGITS: Final = 32
_AT_ONCE: Final = 256


_POOL: Final[list[str]] = []
os.register_at_fork(after_in_child=_POOL.clear)  # or workers would give the same ids


def new_request_id() -> str:
    """Asks the system for the bits of many at once: a call for each would cost more than an id."""
    try:
        return _POOL.pop()
    except IndexError:
        digits = os.urandom(_AT_ONCE * _DIGITS // 2).hex()
        _POOL.extend(digits[at : at + _DIGITS] for at in range(_DIGITS, len(digits), _DIGITS))
        return digits[:_DIGITS]


def offered_request_id(offered: bytes | None) -> str | None:
    """The caller's id, where it is a safe token."""
    if offered is not None and _SAFE.fullmatch(offered):
        return offered.decode("ascii")
    return None
