"""Times in a context: RFC 3339 with offset, a bare date, or epoch seconds."""

from __future__ import annotations

import math
import re
from datetime import date
from decimal import Decimal
from typing import Any

__all__ = ["instant_of"]

_EPOCH = date(1970, 1, 1)
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
MICROS = 1_000_000


def instant_of(value: Any) -> int | None:
    """Return the microseconds since 1970 that a value of a context stands for."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * MICROS
    if isinstance(value, float):
        # What was written in JSON, not the binary fraction near it; a longer fraction is cut.
        return int(Decimal(repr(value)) * MICROS) if math.isfinite(value) else None
    return _instant_of_text(value) if isinstance(value, str) else None


def _instant_of_text(text: str) -> int | None:
    day = _day_of(text)
    if day is not None:
        return day * 86400 * MICROS
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    day = _day_of(found[1])
    hour, minute, second = int(found[2]), int(found[3]), int(found[4])
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    offset = 0
    if found[6]:
        if int(found[7]) > 23 or int(found[8]) > 59:
            return None
        offset = (int(found[7]) * 60 + int(found[8])) * 60 * (1 if found[6] == "+" else -1)
    seconds = day * 86400 + hour * 3600 + minute * 60 + second - offset
    fraction = ((found[5] or "") + "000000")[:6]
    return seconds * MICROS + int(fraction)


def _day_of(text: str) -> int | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    # RFC 3339 has a year 0, which Python has not; the calendar is the same 400 years later.
    later = 400 if year == 0 else 0
    try:
        return (date(year + later, month, day) - _EPOCH).days - (146_097 if later else 0)
    except ValueError:
        return None
