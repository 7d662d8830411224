"""Versions: numeric parts, then SemVer 2.0.0's pre-release order."""

from __future__ import annotations

import re

__all__ = ["compare_versions"]

_WHOLE = re.compile(
    r"v?(?P<parts>[0-9]{1,18}(?:\.[0-9]{1,18})*)"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_NUMERIC = re.compile(r"[0-9]+")
Version = tuple[list[int], list[str]]


def _parse(text: str) -> Version | None:
    found = _WHOLE.fullmatch(text)
    if found is None:
        return None
    parts = [int(part) for part in found["parts"].split(".")]
    pre = found["pre"].split(".") if found["pre"] is not None else []
    for each in pre:
        if not _NUMERIC.fullmatch(each):
            continue
        if len(each) > 18 or (each != "0" and each.startswith("0")):
            return None
    return parts, pre


def _compare_identifiers(one: str, other: str) -> int:
    numeric = [bool(_NUMERIC.fullmatch(each)) for each in (one, other)]
    if all(numeric):
        return (int(one) > int(other)) - (int(one) < int(other))
    if any(numeric):
        return -1 if numeric[0] else 1
    return (one > other) - (one < other)


def compare_versions(left: str, right: str) -> int | None:
    """Return -1, 0 or 1, and None where one of the two is no version."""
    one, other = _parse(left), _parse(right)
    if one is None or other is None:
        return None
    length = max(len(one[0]), len(other[0]))
    for place in range(length):
        a = one[0][place] if place < len(one[0]) else 0
        b = other[0][place] if place < len(other[0]) else 0
        if a != b:
            return 1 if a > b else -1
    if not one[1] or not other[1]:
        return bool(other[1]) - bool(one[1])
    for mine, theirs in zip(one[1], other[1], strict=False):
        order = _compare_identifiers(mine, theirs)
        if order:
            return order
    return (len(one[1]) > len(other[1])) - (len(one[1]) < len(other[1]))
