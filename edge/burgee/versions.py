"""Versions as real systems write them, ordered as SemVer 2.0.0 orders them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, TypeAlias

__all__ = ["Version", "parse_version"]

Version: TypeAlias = tuple[tuple[int, ...], tuple[object, ...]]

_VERSION: Final = re.compile(
    r"v?([0-9]{1,18}(?:\.[0-9]{1,18})*)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_RELEASE: Final[tuple[object, ...]] = (1,)


@lru_cache(maxsize=8192)
def parse_version(text: str) -> Version | None:
    """Return a value that compares as the version does, or None where `text` is no version.

    Any number of numeric parts, missing ones being 0; a leading `v`; pre-releases and build
    metadata by SemVer 2.0.0, sections 9 to 11. Parts over 18 digits are refused.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    parts = [int(part) for part in match[1].split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    if match[2] is None:
        return tuple(parts), _RELEASE
    identifiers = [_identifier(text) for text in match[2].split(".")]
    if None in identifiers:
        return None
    return tuple(parts), (0, tuple(identifiers))


def _identifier(text: str) -> tuple[int, int, str] | None:
    if not text.isdigit():
        return (1, 0, text)
    if len(text) > 18 or (len(text) > 1 and text[0] == "0"):
        return None
    return (0, int(text), "")
