"""What each operator means: the one table that checks, evaluation and explanations read.

A constant, as the snapshot holds it, becomes a predicate over a value that is present. Values of
another type than the operator's give false; nothing is coerced.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import re2
from msgspec import Struct

from burgee.instants import instant_of
from burgee.versions import Version, parse_version

__all__ = ["OPERATORS", "Operator", "Predicate", "parse_network"]

Predicate: TypeAlias = Callable[[Any, int], bool]
"""Takes the attribute's value and the clock in microseconds."""

_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_REGEX_OPTIONS: Final = re2.Options()
_REGEX_OPTIONS.log_errors = False


class Operator(Struct, frozen=True):
    """An operator: what makes its predicate, and whether that one asks for the time."""

    prepare: Callable[[Any, bool], Predicate]
    reads_clock: bool = False


def _fold(text: str) -> str:
    return text if text.islower() else text.translate(_ASCII_LOWER)


def _kind(value: object) -> str | None:
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else None


def _listed(constants: list[Any], ignore_case: bool) -> tuple[frozenset[str], frozenset[Any]]:
    kinds = frozenset(kind for kind in map(_kind, constants) if kind)
    return kinds, frozenset(_member(value, ignore_case) for value in constants)


def _member(value: Any, ignore_case: bool) -> tuple[str | None, Any]:
    """Return a key under which scalars of one JSON type meet: 1 and 1.0 do, 1 and true do not."""
    if ignore_case and isinstance(value, str):
        value = _fold(value)
    return _kind(value), value


def _eq(constant: Any, ignore_case: bool) -> Predicate:
    if isinstance(constant, str) and not ignore_case:
        return lambda value, now: isinstance(value, str) and value == constant
    if isinstance(constant, bool):
        return lambda value, now: value is constant
    kinds, members = _listed([constant], ignore_case)
    return lambda value, now: _kind(value) in kinds and _member(value, ignore_case) in members


def _neq(constant: Any, ignore_case: bool) -> Predicate:
    return _nin([constant], ignore_case)


def _in(constant: Any, ignore_case: bool) -> Predicate:
    kinds, members = _listed(constant, ignore_case)
    if kinds == {"string"} and not ignore_case:
        strings = frozenset(constant)
        return lambda value, now: isinstance(value, str) and value in strings
    return lambda value, now: _kind(value) in kinds and _member(value, ignore_case) in members


def _nin(constant: Any, ignore_case: bool) -> Predicate:
    kinds, members = _listed(constant, ignore_case)
    return lambda value, now: _kind(value) in kinds and _member(value, ignore_case) not in members


def _number(compare: Callable[[Any, Any], bool]) -> Callable[[Any, bool], Predicate]:
    def prepare(constant: Any, ignore_case: bool) -> Predicate:
        return lambda value, now: _kind(value) == "number" and compare(value, constant)

    return prepare


def _contains(constant: Any, ignore_case: bool) -> Predicate:
    constants = constant if isinstance(constant, list) else [constant]
    _, members = _listed(constants, ignore_case)
    parts = tuple(
        _fold(part) if ignore_case else part for part in constants if isinstance(part, str)
    )

    def contains(value: Any, now: int) -> bool:
        if isinstance(value, str):
            text = _fold(value) if ignore_case else value
            return any(part in text for part in parts)
        return isinstance(value, list) and any(
            _kind(item) is not None and _member(item, ignore_case) in members for item in value
        )

    return contains


def _affix(method: Callable[[str, tuple[str, ...]], bool]) -> Callable[[Any, bool], Predicate]:
    def prepare(constant: Any, ignore_case: bool) -> Predicate:
        constants = constant if isinstance(constant, list) else [constant]
        parts = tuple(_fold(part) if ignore_case else part for part in constants)
        if ignore_case:
            return lambda value, now: isinstance(value, str) and method(_fold(value), parts)
        return lambda value, now: isinstance(value, str) and method(value, parts)

    return prepare


def _regex(constant: Any, ignore_case: bool) -> Predicate:
    patterns = constant if isinstance(constant, list) else [constant]
    prefix = "(?i)" if ignore_case else ""
    compiled = [re2.compile(prefix + pattern, _REGEX_OPTIONS) for pattern in patterns]

    def matches(value: Any, now: int) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return any(pattern.search(value) is not None for pattern in compiled)
        except UnicodeEncodeError:
            return False

    return matches


def _semver(compare: Callable[[Version, Version], bool]) -> Callable[[Any, bool], Predicate]:
    def prepare(constant: Any, ignore_case: bool) -> Predicate:
        bound = parse_version(constant)
        if bound is None:
            raise ValueError(f"{constant!r} is no version")

        def holds(value: Any, now: int) -> bool:
            version = parse_version(value) if isinstance(value, str) else None
            return version is not None and compare(version, bound)

        return holds

    return prepare


def _time(compare: Callable[[int, int, int], bool]) -> Callable[[Any, bool], Predicate]:
    def prepare(constant: Any, ignore_case: bool) -> Predicate:
        def holds(value: Any, now: int) -> bool:
            instant = instant_of(value)
            return instant is not None and compare(instant, constant, now)

        return holds

    return prepare


def parse_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return the network that `text` names; one without a prefix length is a single address.

    Raises ValueError where it names none, or one with bits set past its prefix.
    """
    if "%" in text:
        raise ValueError("an address with a zone is in no network")
    return ipaddress.ip_network(text)


def _cidr(constant: Any, ignore_case: bool) -> Predicate:
    texts = constant if isinstance(constant, list) else [constant]
    networks = [parse_network(text) for text in texts]

    def holds(value: Any, now: int) -> bool:
        if not isinstance(value, str) or "%" in value:
            return False
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return holds


OPERATORS: Final[dict[str, Operator]] = {
    "eq": Operator(_eq),
    "neq": Operator(_neq),
    "in": Operator(_in),
    "nin": Operator(_nin),
    "gt": Operator(_number(lambda value, bound: bool(value > bound))),
    "gte": Operator(_number(lambda value, bound: bool(value >= bound))),
    "lt": Operator(_number(lambda value, bound: bool(value < bound))),
    "lte": Operator(_number(lambda value, bound: bool(value <= bound))),
    "contains": Operator(_contains),
    "startswith": Operator(_affix(str.startswith)),
    "endswith": Operator(_affix(str.endswith)),
    "regex": Operator(_regex),
    "semver_eq": Operator(_semver(lambda version, bound: version == bound)),
    "semver_gt": Operator(_semver(lambda version, bound: version > bound)),
    "semver_gte": Operator(_semver(lambda version, bound: version >= bound)),
    "semver_lt": Operator(_semver(lambda version, bound: version < bound)),
    "semver_lte": Operator(_semver(lambda version, bound: version <= bound)),
    "before": Operator(_time(lambda instant, bound, now: instant < bound)),
    "after": Operator(_time(lambda instant, bound, now: instant >= bound)),
    "within_last": Operator(_time(lambda t, span, now: now - span < t <= now), reads_clock=True),
    "older_than": Operator(_time(lambda t, span, now: t <= now - span), reads_clock=True),
    "cidr": Operator(_cidr),
    "exists": Operator(lambda constant, ignore_case: lambda value, now: constant is True),
}
