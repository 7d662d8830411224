"""One operator with its constant, asked to hold or not to hold; and whether it does of a value."""

from __future__ import annotations

import ipaddress
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, TypeAlias

import re2

from burgee.evaluation.operators import parse_network
from burgee.instants import instant_of
from burgee.versions import parse_version
from burgee_compiler.analysis.domains import TAGS, Tag

__all__ = ["AFFIXES", "RELATIVE", "TIMES", "Literal", "fold", "kind_of"]

AFFIXES: Final = frozenset(("contains", "startswith", "endswith"))
TIMES: Final = frozenset(("before", "after", "within_last", "older_than"))
RELATIVE: Final = frozenset(("within_last", "older_than"))
_LISTED: Final = frozenset(("eq", "neq", "in", "nin"))
_STRING: Final[frozenset[Tag]] = frozenset(("string",))
_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_QUIET: Final = re2.Options()
_QUIET.log_errors = False
Key: TypeAlias = tuple[Tag | None, Any]


def fold(text: str) -> str:
    """Return a text with its ASCII letters small."""
    return text.translate(_ASCII_LOWER)


def kind_of(value: object) -> Tag | None:
    """Return the JSON type of a scalar, None for anything else."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float | Fraction) else None


class Literal:
    """An operator on one attribute, and whether it is to hold."""

    def __init__(self, operator: str, constant: Any, folds: bool, positive: bool) -> None:
        self.operator = operator
        self.constant = constant
        self.folds = folds
        self.positive = positive

    @property
    def is_membership(self) -> bool:
        """Whether it asks for equality with listed values, or for none of them."""
        return self.operator in _LISTED

    @property
    def is_among(self) -> bool:
        """Whether a value of a listed type satisfies it by being one of the values."""
        return (self.operator in ("eq", "in")) is self.positive

    @cached_property
    def constants(self) -> tuple[Any, ...]:
        """The constants, also where there is one."""
        return tuple(self.constant) if isinstance(self.constant, list) else (self.constant,)

    @cached_property
    def keys(self) -> frozenset[Key]:
        """What equal constants of one JSON type have in common."""
        return frozenset(self.key(each) for each in self.constants)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The texts among the constants, folded where case does not count."""
        texts = (each for each in self.constants if isinstance(each, str))
        return tuple(fold(each) if self.folds else each for each in texts)

    @cached_property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks of a `cidr`."""
        return tuple(parse_network(each) for each in self.constants)

    @cached_property
    def tags(self) -> frozenset[Tag]:
        """The types of which some value satisfies the operator; of any other it is false."""
        operator = self.operator
        if operator == "exists":
            return TAGS
        if operator in _LISTED:
            return frozenset(kind for each in self.constants if (kind := kind_of(each)))
        if operator in ("gt", "gte", "lt", "lte"):
            return frozenset(("number",))
        if operator in TIMES:
            return frozenset(("string", "number"))
        if operator == "contains":
            return frozenset(("string", "list")) if self.parts else frozenset(("list",))
        return _STRING

    def key(self, value: Any) -> Key:
        """Return under what a value is among the constants."""
        return kind_of(value), fold(value) if self.folds and isinstance(value, str) else value

    def satisfied(self, value: Any) -> bool | None:
        """Return whether a scalar satisfies it; None where that depends on the clock."""
        tag = kind_of(value)
        if tag not in self.tags:
            return not self.positive
        held = self._holds(value)
        return None if held is None else held is self.positive

    def _holds(self, value: Any) -> bool | None:
        """Return whether the operator holds of a scalar of one of its types."""
        operator = self.operator
        if operator == "exists":
            return True
        if operator in _LISTED:
            return (self.key(value) in self.keys) is (operator in ("eq", "in"))
        if operator in TIMES:
            return self._holds_of_time(value)
        if isinstance(value, str):
            return self._holds_of_text(value)
        return _compare(operator, value, self.constant)

    def _holds_of_time(self, value: Any) -> bool | None:
        instant = instant_of(value)
        if instant is None:
            return False
        if self.operator in RELATIVE:
            return None
        return (instant < self.constant) is (self.operator == "before")

    def _holds_of_text(self, text: str) -> bool:
        operator = self.operator
        if operator in AFFIXES:
            folded = fold(text) if self.folds else text
            return any(_has(operator, folded, part) for part in self.parts)
        if operator == "regex":
            return self._matches(text)
        if operator == "cidr":
            return self._in_network(text)
        version, bound = parse_version(text), parse_version(self.constant)
        if version is None or bound is None:
            return False
        return _compare(operator.removeprefix("semver_"), version, bound)

    def _matches(self, text: str) -> bool:
        prefix = "(?i)" if self.folds else ""
        try:
            return any(
                re2.compile(prefix + each, _QUIET).search(text) is not None
                for each in self.constants
            )
        except UnicodeEncodeError:
            return False

    def _in_network(self, text: str) -> bool:
        if "%" in text:
            return False
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self.networks)


def _has(operator: str, text: str, part: str) -> bool:
    if operator == "startswith":
        return text.startswith(part)
    return text.endswith(part) if operator == "endswith" else part in text


def _compare(operator: str, left: Any, right: Any) -> bool:
    if operator == "eq":
        return bool(left == right)
    if operator in ("gt", "gte"):
        return bool(left > right) or (operator == "gte" and bool(left == right))
    return bool(left < right) or (operator == "lte" and bool(left == right))
