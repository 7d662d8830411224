"""The least that hand-written code would do: a closure a flag, SHA-1 to bucket, no reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any

import msgspec

from benchmarks._flags import BOOLEAN, Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]

_Decide = Callable[[User], Any]


class Adapter(Peer):
    """Closures over constants; versions are parsed once by string."""

    title = "hand-written closures, SHA-1, no reasons (floor)"
    distribution = ""
    note = "the value alone"
    _flags: dict[str, _Decide]

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return the definitions themselves."""
        return msgspec.json.encode(flags)

    def load(self, data: bytes) -> None:
        """Make a closure of each flag."""
        flags = msgspec.json.decode(data, type=list[Definition])
        self._flags = {flag.key: _closure(flag) for flag in flags}

    def context(self, user: User) -> User:
        """Take the dictionary as it is."""
        return user

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value."""
        return self._flags[flag.key](context)

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        flags, key = self._flags, flag.key
        for context in contexts:
            flags[key](context)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        known = self._flags
        keys = [flag.key for flag in flags]
        for context in contexts:
            for key in keys:
                known[key](context)


def _closure(flag: Definition) -> _Decide:
    variants = BOOLEAN if flag.variants == BOOLEAN else flag.variants
    default = _constant(variants[flag.default]) if isinstance(flag.default, str) else _split(flag)
    if not flag.rules:
        return default
    rules = [(_test(rule.match), variants[rule.serve]) for rule in flag.rules]

    def decide(user: User) -> Any:
        for test, value in rules:
            if test(user):
                return value
        return default(user)

    return decide


def _constant(value: Any) -> _Decide:
    return lambda _: value


def _split(flag: Definition) -> _Decide:
    salt = f"{flag.key}/".encode()
    arms: list[tuple[int, Any]] = []
    end = 0
    for name, weight in flag.split.items():
        end += weight * 100
        arms.append((end, flag.variants[name]))

    def decide(user: User) -> Any:
        hashed = sha1(salt + user["targetingKey"].encode(), usedforsecurity=False)
        slot = int.from_bytes(hashed.digest()[:4], "big") * 10_000 >> 32
        for end, value in arms:
            if slot < end:
                return value
        raise AssertionError("the last arm ends at the last slot")

    return decide


def _test(match: Match) -> Callable[[User], bool]:
    attribute, operand = match.attribute, match.operand
    if isinstance(operand, tuple):
        listed = frozenset(operand)
        return lambda user: user.get(attribute) in listed
    if match.operator == "eq":
        return lambda user: user.get(attribute) == operand
    least = _parsed(operand)
    known: dict[str, tuple[int, ...]] = {}

    def at_least(user: User) -> bool:
        text = user[attribute]
        version = known.get(text)
        if version is None:
            version = known[text] = _parsed(text)
        return version >= least

    return at_least


def _parsed(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
