"""Why a value that was seen can meet an operator in no case: it is of another type."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final

from burgee.instants import instant_of
from burgee.versions import parse_version

__all__ = ["misfit"]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return (
        "text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
    )


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and parse_version(value) is not None


def _is_address(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    except ValueError:
        return False


_Fits = tuple[Callable[[Any], bool], str]
_NUMBER: Final[_Fits] = (lambda value: _kind(value) == "a number", "no number")
_TEXT: Final[_Fits] = (lambda value: isinstance(value, str), "no text")
_VERSION: Final[_Fits] = (_is_version, "no version in text")
_TIME: Final[_Fits] = (
    lambda value: instant_of(value) is not None,
    "no time with an offset, no date and no epoch seconds",
)
_OPERATORS: Final[dict[str, _Fits]] = {
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _NUMBER),
    **dict.fromkeys(("startswith", "endswith", "regex"), _TEXT),
    "contains": (lambda value: isinstance(value, str | list), "no text and no list"),
    **{f"semver_{name}": _VERSION for name in ("eq", "gt", "gte", "lt", "lte")},
    **dict.fromkeys(("before", "after", "within_last", "older_than"), _TIME),
    "cidr": (_is_address, "no IP address"),
}


def misfit(tests: Mapping[str, Any], value: Any) -> str | None:
    """Return what a value is not, where that alone keeps one of the operators from holding."""
    for operator, constant in tests.items():
        if operator in _OPERATORS:
            fits, what = _OPERATORS[operator]
            if not fits(value):
                return f"which is {what}"
        elif operator in ("eq", "neq", "in", "nin"):
            wanted = {
                _kind(each) for each in (constant if isinstance(constant, list) else [constant])
            }
            if _kind(value) not in wanted:
                return f"which is {_kind(value)}, not {' or '.join(sorted(wanted))}"
    return None
