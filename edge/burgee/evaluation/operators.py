"""What each operator means: the one table that checks, evaluation and explanations read.

A constant, as the snapshot holds it, becomes an expression over `v`, a value that is present, and
`now`. Values of another type than the operator's give false; nothing is coerced.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import re2
from msgspec import Struct

from burgee.evaluation.scope import Scope
from burgee.versions import LONGEST_KNOWN, parse_version

__all__ = ["OPERATORS", "Operator", "parse_network"]

Express: TypeAlias = Callable[[Scope, Any, bool], str]
"""Takes where constants go, the constant, and whether ASCII case is ignored."""

_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_REGEX_OPTIONS: Final = re2.Options()
_REGEX_OPTIONS.log_errors = False


class Operator(Struct, frozen=True):
    """An operator: what it means, and whether that asks for the time."""

    express: Express
    reads_clock: bool = False


def _fold(text: str) -> str:
    return text if text.islower() else text.translate(_ASCII_LOWER)


def _kind(value: object) -> str | None:
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else None


_IS: Final = {
    "string": "isinstance(v, str)",
    "boolean": "isinstance(v, bool)",
    "number": "isinstance(v, NUMBERS) and not isinstance(v, bool)",
}


def _eq(scope: Scope, constant: Any, ignore_case: bool) -> str:
    kind = _kind(constant)
    if kind == "string" and not ignore_case:
        return f"v == {scope.cell(constant)}"
    return _in(scope, [constant], ignore_case)


def _neq(scope: Scope, constant: Any, ignore_case: bool) -> str:
    return _nin(scope, [constant], ignore_case)


def _in(scope: Scope, constants: Any, ignore_case: bool) -> str:
    return _listed(scope, constants, ignore_case, "in")


def _nin(scope: Scope, constants: Any, ignore_case: bool) -> str:
    return _listed(scope, constants, ignore_case, "not in")


def _listed(scope: Scope, constants: list[Any], ignore_case: bool, relation: str) -> str:
    """Compare within one JSON type: 1 and 1.0 are one, 1 and true are not."""
    kinds = sorted({kind for kind in map(_kind, constants) if kind})
    tests = []
    for kind in kinds:
        folded = ignore_case and kind == "string"
        same = frozenset(
            _fold(each) if folded else each for each in constants if _kind(each) == kind
        )
        seen = f"{scope.cell(_fold)}(v)" if folded else "v"
        tests.append(f"{_IS[kind]} and {seen} {relation} {scope.cell(same)}")
    return " or ".join(f"({test})" for test in tests) or "False"


def _number(sign: str) -> Express:
    def express(scope: Scope, constant: Any, ignore_case: bool) -> str:
        if _kind(constant) != "number":
            raise ValueError(f"{constant!r} is no number")
        return f"isinstance(v, NUMBERS) and v {sign} {scope.cell(constant)} and {_NO_BOOLEAN}"

    return express


_NO_BOOLEAN: Final = "not isinstance(v, bool)"


def _contains(scope: Scope, constant: Any, ignore_case: bool) -> str:
    constants = constant if isinstance(constant, list) else [constant]
    parts = tuple(
        _fold(part) if ignore_case else part for part in constants if isinstance(part, str)
    )
    members = frozenset(_member(value, ignore_case) for value in constants)

    def contains(value: Any) -> bool:
        if isinstance(value, str):
            text = _fold(value) if ignore_case else value
            return any(part in text for part in parts)
        return isinstance(value, list) and any(
            _kind(item) is not None and _member(item, ignore_case) in members for item in value
        )

    return f"{scope.cell(contains)}(v)"


def _member(value: Any, ignore_case: bool) -> tuple[str | None, Any]:
    """Return a key under which scalars of one JSON type meet."""
    if ignore_case and isinstance(value, str):
        value = _fold(value)
    return _kind(value), value


def _affix(method: str) -> Express:
    def express(scope: Scope, constant: Any, ignore_case: bool) -> str:
        constants = constant if isinstance(constant, list) else [constant]
        if not all(isinstance(part, str) for part in constants):
            raise ValueError(f"{constant!r} is no text, nor a list of texts")
        parts = scope.cell(tuple(_fold(part) if ignore_case else part for part in constants))
        text = f"{scope.cell(_fold)}(v)" if ignore_case else "v"
        return f"isinstance(v, str) and {text}.{method}({parts})"

    return express


def _regex(scope: Scope, constant: Any, ignore_case: bool) -> str:
    patterns = constant if isinstance(constant, list) else [constant]
    prefix = "(?i)" if ignore_case else ""
    compiled = [re2.compile(prefix + pattern, _REGEX_OPTIONS) for pattern in patterns]

    def matches(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return any(pattern.search(value) is not None for pattern in compiled)
        except UnicodeEncodeError:
            return False

    return f"{scope.cell(matches)}(v)"


def _semver(sign: str) -> Express:
    def express(scope: Scope, constant: Any, ignore_case: bool) -> str:
        bound = parse_version(constant)
        if bound is None:
            raise ValueError(f"{constant!r} is no version")
        known = f"known_version(v) if len(v) <= {LONGEST_KNOWN} else parse_version(v)"
        parsed = f"(w := {known}) is not None"
        return f"isinstance(v, str) and {parsed} and w {sign} {scope.cell(bound)}"

    return express


def _time(relation: str) -> Express:
    """`relation` is over `w`, the value's instant, and `C`, the constant."""

    def express(scope: Scope, constant: Any, ignore_case: bool) -> str:
        if _kind(constant) != "number":
            raise ValueError(f"{constant!r} is no instant or duration")
        compared = relation.replace("C", scope.cell(constant))
        return f"(w := instant_of(v)) is not None and {compared}"

    return express


def parse_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return the network that `text` names; one without a prefix length is a single address.

    Raises ValueError where it names none, or one with bits set past its prefix.
    """
    if "%" in text:
        raise ValueError("an address with a zone is in no network")
    return ipaddress.ip_network(text)


def _cidr(scope: Scope, constant: Any, ignore_case: bool) -> str:
    texts = constant if isinstance(constant, list) else [constant]
    networks = [parse_network(text) for text in texts]

    def holds(value: Any) -> bool:
        if not isinstance(value, str) or "%" in value:
            return False
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return f"{scope.cell(holds)}(v)"


def _exists(scope: Scope, constant: Any, ignore_case: bool) -> str:
    return "True" if constant is True else "False"  # whoever asks has seen that it is present


OPERATORS: Final[dict[str, Operator]] = {
    "eq": Operator(_eq),
    "neq": Operator(_neq),
    "in": Operator(_in),
    "nin": Operator(_nin),
    "gt": Operator(_number(">")),
    "gte": Operator(_number(">=")),
    "lt": Operator(_number("<")),
    "lte": Operator(_number("<=")),
    "contains": Operator(_contains),
    "startswith": Operator(_affix("startswith")),
    "endswith": Operator(_affix("endswith")),
    "regex": Operator(_regex),
    "semver_eq": Operator(_semver("==")),
    "semver_gt": Operator(_semver(">")),
    "semver_gte": Operator(_semver(">=")),
    "semver_lt": Operator(_semver("<")),
    "semver_lte": Operator(_semver("<=")),
    "before": Operator(_time("w < C")),
    "after": Operator(_time("w >= C")),
    "within_last": Operator(_time("now - C < w <= now"), reads_clock=True),
    "older_than": Operator(_time("w <= now - C"), reads_clock=True),
    "cidr": Operator(_cidr),
    "exists": Operator(_exists),
}
