"""A context as apps have it, made into JSON's types, which is what conditions are defined on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

from burgee.client.shapes import is_list, is_mapping, is_set

__all__ = ["Context", "plain_context"]

Context = Mapping[str, Any]

_AS_IT_IS: Final = frozenset((str, int, float, bool, type(None)))
_DICTS: Final = frozenset((dict,))  # no subclass, which may look things up in its own way
_DEPTH: Final = 32
"""As deep as an edge node lets a context be; what lies deeper is missing."""


def plain_context(context: Context | None) -> Context:
    """Return a context in which all values are JSON's.

    Times become RFC 3339 (naive ones are taken as UTC), tuples and sets lists, ids their text, and
    what JSON cannot say is missing. The context itself is left as it is.
    """
    if context is None:
        return {}
    if type(context) in _DICTS:
        for value in context.values():  # a loop is the fastest way, for the few that there are
            if type(value) not in _AS_IT_IS:
                break
        else:
            return context
    return _object(context, _DEPTH)


def _object(found: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {key: _plain(value, depth - 1) for key, value in found.items() if isinstance(key, str)}


def _plain(value: Any, depth: int) -> Any:
    if type(value) in _AS_IT_IS:
        return value
    if depth <= 0:
        return None
    if is_mapping(value):
        return _object(value, depth)
    if is_list(value):
        return [_plain(each, depth - 1) for each in value]
    if is_set(value):
        return sorted((_plain(each, depth - 1) for each in value), key=repr)
    return _scalar(value, depth)


def _scalar(value: Any, depth: int) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value, depth - 1)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    # A subclass may compare, or be shown, in its own way: what it holds counts.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, float) else None


def _instant(value: datetime) -> str | None:
    aware = value.replace(tzinfo=UTC) if value.utcoffset() is None else value
    try:
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return None  # hours from the first or last day that there is
