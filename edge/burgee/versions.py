"""Versions as real systems write them, ordered as SemVer 2.0.0 orders them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, TypeAlias

__all__ = ["LONGEST_KNOWN", "Version", "known_version", "newer_compiler", "parse_version"]

Version: TypeAlias = bytes
"""Bytes that sort as the versions do: comparing two costs one memcmp."""

_VERSION: Final = re.compile(
    r"v?([0-9]{1,18}(?:\.[0-9]{1,18})*)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
# What ends a list sorts below whatever goes on with it, and a pre-release below its release.
_END: Final = b"\0"
_PRE_RELEASE, _RELEASE = b"\0", b"\1"
_NUMERIC, _TEXT = b"\1", b"\2"

LONGEST_KNOWN: Final = 128
"""Longer texts are read each time: users send them, and what is remembered must stay small."""


def parse_version(text: str) -> Version | None:
    """Return a value that compares as the version does, or None where `text` is no version.

    Any number of numeric parts, missing ones being 0; a leading `v`; pre-releases and build
    metadata by SemVer 2.0.0, sections 9 to 11. Parts over 18 digits are refused.
    """
    return known_version(text) if len(text) <= LONGEST_KNOWN else _read(text)


def newer_compiler(new: str, old: str) -> bool:
    """Return whether what a manifest says of who made it names a newer version than another's."""
    ours, theirs = (parse_version(each.removeprefix("burgee ")) for each in (new, old))
    return ours is not None and (theirs is None or ours > theirs)


def _read(text: str) -> Version | None:
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    parts = [int(part) for part in match[1].split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    release = b"".join(map(_number, parts)) + _END
    if match[2] is None:
        return release + _RELEASE
    identifiers = [_identifier(text) for text in match[2].split(".")]
    if None in identifiers:
        return None
    return release + _PRE_RELEASE + b"".join(each for each in identifiers if each) + _END


known_version: Final = lru_cache(maxsize=8192)(_read)
"""`parse_version` for texts that are no longer than `LONGEST_KNOWN`, without a call in between."""


def _number(number: int) -> bytes:
    """Return a length that is above `_END`, and the digits: a longer number is a larger one."""
    size = (number.bit_length() + 7) // 8
    return bytes((size + 1,)) + number.to_bytes(size, "big")


def _identifier(text: str) -> bytes | None:
    if not text.isdigit():
        return _TEXT + text.encode("ascii") + _END
    if len(text) > 18 or (len(text) > 1 and text[0] == "0"):
        return None
    return _NUMERIC + _number(int(text))
