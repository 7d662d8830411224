"""Python's values as JSON has them: times in RFC 3339, exact decimals, sets as lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any
from uuid import UUID

import msgspec

__all__ = ["encode", "rfc3339"]


def encode(value: Any) -> bytes:
    """Return JSON; TypeError for what JSON cannot say."""
    return msgspec.json.encode(_plain(value))


def rfc3339(value: datetime | date | str) -> str:
    """Return an instant as text; a time without a zone is taken as UTC, text as it is."""
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return _plain(value.value)
        case float() if not isfinite(value):
            raise TypeError(f"{value} is no number of JSON")
        case None | bool() | int() | float() | str():
            return value
        case datetime() | date():
            return rfc3339(value)
        case Decimal():
            if not value.is_finite():
                raise TypeError(f"{value} is no number of JSON")
            return msgspec.Raw(format(value, "f").encode())
        case UUID():
            return str(value)
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case set() | frozenset():
            return sorted((_plain(each) for each in value), key=str)
        case _:
            raise TypeError(f"{type(value).__name__} is no value of JSON")
