"""Instants as whole microseconds since 1970, and durations: one reading for files and contexts."""

from __future__ import annotations

import math
import re
from decimal import Context, Decimal
from functools import lru_cache
from typing import Final

__all__ = [
    "MICROSECONDS",
    "format_instant",
    "instant_of",
    "parse_date",
    "parse_duration",
    "parse_instant",
]

MICROSECONDS: Final = 1_000_000
_EXACT: Final = Context(prec=40)  # of our own, since an app may have changed the thread's
_LONGEST_KNOWN: Final = 64
"""Longer texts are read each time: users send them, and what is remembered must stay small."""
_DAY: Final = 86_400
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_DURATION: Final = re.compile(r"([0-9]{1,9})([dhm])")
_UNITS: Final = {"d": _DAY, "h": 3600, "m": 60}
_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_instant(text: str) -> int | None:
    """Return the microseconds of an RFC 3339 time with offset or of a bare date (00:00Z).

    Digits past the microsecond are cut. None for anything else: no blank for the T, no second 60.
    """
    return _known_instant(text) if len(text) <= _LONGEST_KNOWN else _read_instant(text)


def _read_instant(text: str) -> int | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return parse_date(text)
    day, hour, minute, second, fraction, sign, off_hour, off_minute = match.groups()
    start = parse_date(day)
    clock = (int(hour), int(minute), int(second))
    offset = (int(off_hour or 0), int(off_minute or 0))
    if start is None or clock > (23, 59, 59) or clock[1] > 59 or clock[2] > 59:
        return None
    if offset[0] > 23 or offset[1] > 59:
        return None
    seconds = clock[0] * 3600 + clock[1] * 60 + clock[2]
    shift = (offset[0] * 3600 + offset[1] * 60) * (-1 if sign == "-" else 1)
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    return start + (seconds - shift) * MICROSECONDS + micros


_known_instant: Final = lru_cache(maxsize=8192)(_read_instant)


def parse_date(text: str) -> int | None:
    """Return the microseconds of 00:00Z on a date written YYYY-MM-DD, or None."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    if not 1 <= month <= 12 or not 1 <= day <= _days_in(year, month):
        return None
    return _days_from_civil(year, month, day) * _DAY * MICROSECONDS


def instant_of(value: object) -> int | None:
    """Return the microseconds of a context value: RFC 3339 text, a date, or epoch seconds."""
    if isinstance(value, str):
        return _known_instant(value) if len(value) <= _LONGEST_KNOWN else _read_instant(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * MICROSECONDS
    if isinstance(value, float) and math.isfinite(value):
        # What JSON wrote, not the binary fraction next to it: 0.1 s are 100,000 microseconds.
        return int(Decimal(repr(value)).scaleb(6, _EXACT))
    return None


def parse_duration(text: str) -> int | None:
    """Return the microseconds of a duration such as 30d, 12h or 15m, or None."""
    match = _DURATION.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] * MICROSECONDS if match else None


def format_instant(micros: int) -> str:
    """Return an instant as RFC 3339 in UTC, with a fraction only where there is one."""
    seconds, fraction = divmod(micros, MICROSECONDS)
    days, clock = divmod(seconds, _DAY)
    year, month, day = _civil_from_days(days)
    text = f"{year:04}-{month:02}-{day:02}T{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}"
    return f"{text}.{fraction:06}Z" if fraction else f"{text}Z"


def _days_in(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _MONTH_DAYS[month - 1]


# Year 0 is valid in RFC 3339 and unknown to datetime, hence the arithmetic: H. Hinnant,
# "chrono-Compatible Low-Level Date Algorithms".
def _days_from_civil(year: int, month: int, day: int) -> int:
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return (
        era * 146_097
        + year_of_era * 365
        + year_of_era // 4
        - year_of_era // 100
        + (day_of_year - 719_468)
    )


def _civil_from_days(days: int) -> tuple[int, int, int]:
    era, day_of_era = divmod(days + 719_468, 146_097)
    leaps = day_of_era // 1_460 - day_of_era // 36_524 + day_of_era // 146_096
    year_of_era = (day_of_era - leaps) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month, day
