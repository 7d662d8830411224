"""Comparing entity tags (RFC 9110, 8.8.3 and 13.1.2)."""

import re

__all__ = ["matches"]

_TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def matches(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the header names the tag: a list, weak ones alike, or `*`. `etag` has its quotes."""
    wanted = etag.removeprefix(b"W/")
    if if_none_match == wanted:
        return True
    return if_none_match.strip() == b"*" or wanted in _TAG.findall(if_none_match)
