"""Whether a value is of the type that the caller's code goes on with: that of its default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from burgee.client.shapes import is_dict, is_list

__all__ = ["MISFIT", "Accept", "fresh", "like"]


class _Misfit:
    """What stands for a value that the caller cannot take."""


MISFIT: Final = _Misfit()
Accept = Callable[[Any], Any]
"""Returns the value as the caller takes it, or MISFIT."""


def like(default: Any) -> Accept:
    """Return what takes values of the default's type: any at all for None or an unknown type.

    A boolean is no number; an integer is a number where a float is expected, never the reverse.
    """
    known = _BY_TYPE.get(default.__class__)
    if known is not None:
        return known
    for kinds, accept in _KINDS:
        if isinstance(default, kinds):
            return accept
    return fresh


def fresh(value: Any) -> Any:
    """Return a value that the app may change: the snapshot's own objects and lists are shared."""
    if is_dict(value):
        return {key: fresh(each) for key, each in value.items()}
    if is_list(value):
        return [fresh(each) for each in value]
    return value


def _boolean(value: Any) -> Any:
    return value if value is True or value is False else MISFIT


def _integer(value: Any) -> Any:
    return value if type(value) is int else MISFIT


def _number(value: Any) -> Any:
    if type(value) is int:
        return float(value)
    return value if type(value) is float else MISFIT


def _string(value: Any) -> Any:
    return value if isinstance(value, str) else MISFIT


def _mapping(value: Any) -> Any:
    return fresh(value) if isinstance(value, dict) else MISFIT


def _sequence(value: Any) -> Any:
    return fresh(value) if isinstance(value, list) else MISFIT


_KINDS: Final[tuple[tuple[type | tuple[type, ...], Accept], ...]] = (
    (bool, _boolean),
    (int, _integer),
    (float, _number),
    (str, _string),
    (Mapping, _mapping),
    ((list, tuple), _sequence),
)
_BY_TYPE: Final[dict[type[Any], Accept]] = {
    bool: _boolean,
    int: _integer,
    float: _number,
    str: _string,
    dict: _mapping,
    list: _sequence,
}
