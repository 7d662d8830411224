"""The flags and users that every evaluator is given, and the answers that it must then give.

a: on for all; b: three ordered rules with a list, an equality and a SemVer, of which the third
matches; c: a 50/30/20 split with an object value; d: all of 100 mixed flags.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

import yaml
from msgspec import Struct

__all__ = [
    "BOOLEAN",
    "USERS",
    "WORKS",
    "A",
    "B",
    "C",
    "D",
    "Definition",
    "Match",
    "Rule",
    "User",
    "definition_yaml",
    "many",
    "misfits",
]

User: TypeAlias = dict[str, str]
BOOLEAN: Final[dict[str, Any]] = {"on": True, "off": False}


class Match(Struct, frozen=True):
    """One attribute against one operand; a list for `in`, else a string."""

    attribute: str
    operator: Literal["in", "eq", "semver_gte"]
    operand: str | tuple[str, ...]

    def holds(self, user: User) -> bool:
        """Say whether the user matches, in the plainest way there is."""
        value = user[self.attribute]
        if isinstance(self.operand, tuple):
            return value in self.operand
        return value == self.operand if self.operator == "eq" else _at_least(value, self.operand)


class Rule(Struct, frozen=True):
    """A rule serves a variant to all who match."""

    name: str
    match: Match
    serve: str


class Definition(Struct, frozen=True):
    """A flag in terms that every system has; a default that is a dict is a split by percent."""

    key: str
    variants: dict[str, Any]
    default: str | dict[str, int]
    rules: tuple[Rule, ...] = ()

    @property
    def is_boolean(self) -> bool:
        """Whether it serves true or false; else it serves objects."""
        return self.variants is BOOLEAN

    @property
    def split(self) -> dict[str, int]:
        """The default as a split, of one part where it is a variant."""
        return {self.default: 100} if isinstance(self.default, str) else self.default

    def expected(self, user: User) -> str | None:
        """Return the variant that a user must get; None where a bucket decides."""
        for rule in self.rules:
            if rule.match.holds(user):
                return rule.serve
        return self.default if isinstance(self.default, str) else None


def _at_least(version: str, other: str) -> bool:
    return [int(part) for part in version.split(".")] >= [int(part) for part in other.split(".")]


def _ruled(key: str, plans: tuple[str, ...], country: str, version: str) -> Definition:
    rules = (
        Rule("one", Match("plan", "in", plans), "on"),
        Rule("two", Match("country", "eq", country), "on"),
        Rule("three", Match("version", "semver_gte", version), "on"),
    )
    return Definition(key, BOOLEAN, "off", rules)


def _split(key: str) -> Definition:
    variants = {
        name: {"steps": steps, "title": f"Checkout of {key}"}
        for name, steps in (("control", 3), ("short", 2), ("one-page", 1))
    }
    return Definition(key, variants, {"control": 50, "short": 30, "one-page": 20})


def _mixed(number: int) -> Definition:
    key = f"mixed-{number}"
    if number % 3 == 0:
        return Definition(key, BOOLEAN, "off" if number % 2 else "on")
    if number % 3 == 1:
        plans = ("team", "enterprise") if number % 4 == 0 else ("enterprise", "premium")
        country = ("FR", "DE", "IT", "ES")[number % 4]
        return _ruled(key, plans, country, f"3.{number % 14}.0")
    return _split(key)


def many(count: int) -> list[Definition]:
    """Return `count` flags of kind b, no two alike."""
    return [
        _ruled(f"area-{n // 100}.flag-{n}", ("enterprise", f"plan-{n}"), f"C{n}", f"3.{n}.0")
        for n in range(count)
    ]


A: Final = Definition("a-on-for-all", BOOLEAN, "on")
B: Final = _ruled("b-three-rules", ("enterprise", "premium"), "FR", "3.2.0")
C: Final = _split("c-split")
D: Final = tuple(_mixed(number) for number in range(100))
WORKS: Final[dict[str, tuple[Definition, ...]]] = {"a": (A,), "b": (B,), "c": (C,), "d": D}
USERS: Final[tuple[User, ...]] = tuple(
    {
        "targetingKey": f"user-{n}",
        "plan": ("free", "starter", "team")[n % 3],
        "country": ("DE", "NL", "US", "BR")[n % 4],
        "version": f"3.{2 + n % 9}.{n % 5}",
    }
    for n in range(10_000)
)


def definition_yaml(flag: Definition) -> str:
    """Return the flag's file in Burgee's own format."""
    document: dict[str, Any] = {}
    if not flag.is_boolean:
        document["variants"] = {name: {"value": value} for name, value in flag.variants.items()}
    if flag.rules:
        document["rules"] = [
            {
                "name": rule.name,
                "when": {
                    "attribute": rule.match.attribute,
                    rule.match.operator: list(rule.match.operand)
                    if isinstance(rule.match.operand, tuple)
                    else rule.match.operand,
                },
                "serve": rule.serve,
            }
            for rule in flag.rules
        ]
    document["default"] = (
        flag.default if isinstance(flag.default, str) else {"split": dict(flag.default)}
    )
    return yaml.safe_dump(document, sort_keys=False)


def misfits(answer: Callable[[Definition, int], Any]) -> Iterable[str]:
    """Yield where answers are not as they must be; `answer` takes a flag and a user's number.

    Single flags are asked for every user, the hundred for every 97th.
    """
    for flags, numbers in ((flags, range(len(USERS))) for flags in ((A,), (B,), (C,))):
        yield from _misfits_of(flags, numbers, answer)
    yield from _misfits_of(D, range(0, len(USERS), 97), answer)


def _misfits_of(
    flags: Iterable[Definition], numbers: Sequence[int], answer: Callable[[Definition, int], Any]
) -> Iterable[str]:
    for flag in flags:
        served: Counter[str] = Counter()
        for number in numbers:
            value = answer(flag, number)
            found = [
                name
                for name, known in flag.variants.items()
                if known == value and type(known) is type(value)
            ]
            wanted = flag.expected(USERS[number])
            if not found or (wanted is not None and found != [wanted]):
                yield f"{flag.key}, {USERS[number]}: {value!r}, not {wanted or 'one of its own'}"
                return
            served[found[0]] += 1
        if not isinstance(flag.default, str):
            yield from _shares_off(flag, served)


def _shares_off(flag: Definition, served: Counter[str]) -> Iterable[str]:
    """Hold shares against five standard deviations of a fair draw."""
    asked = served.total()
    for name, weight in flag.split.items():
        share = weight / 100
        bound = 5 * math.sqrt(share * (1 - share) / asked)
        if abs(served[name] / asked - share) > bound:
            yield f"{flag.key}: {name} to {served[name] / asked:.1%} of users, not {share:.0%}"
