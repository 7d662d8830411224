"""What the answers of a set of flags depend on beside the flags: context values and the clock.

Two evaluations of the set whose keys are equal give equal answers; so the key, together with the
flags' digests, is what an answer may be cached and compared under.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, Final

from burgee.evaluation.conditions import Condition, Test
from burgee.evaluation.flags import Flag, Outcome, Phase, Rule
from burgee.evaluation.operators import OPERATORS
from burgee.evaluation.tables import Gate
from burgee.evaluation.tenant import TenantFlags
from burgee.paths import TARGETING_KEY, Getter, canonical_path, getter
from burgee.snapshot.canonical import canonical

__all__ = ["Footprint", "key"]

_EXACT_FLOATS: Final = 2.0**53


def key(flags: Iterable[Flag], context: Mapping[str, Any], now: int) -> bytes:
    """Return the key of a closed set of flags; whoever asks often keeps a `Footprint`."""
    return Footprint(flags).key(context, now)


class Footprint:
    """The footprint of a set of flags that holds all that its flags depend on.

    What is read changes only at fixed instants (phases, starts and ends, expiries), so it is
    worked out once for each stretch of time between two of them.
    """

    __slots__ = ("_flags", "_instants", "_plan")

    def __init__(self, flags: Iterable[Flag]) -> None:
        self._flags = tuple(flags)
        self._instants = sorted({each for flag in self._flags for each in _instants(flag)})
        self._plan: tuple[int, _Plan] | None = None

    @classmethod
    def of(cls, flags: TenantFlags, keys: Iterable[str]) -> Footprint:
        """Return the footprint of the flags named and of all they depend on.

        A flag that cannot be prepared answers with an error whatever is asked: it reads nothing.
        """
        found: dict[str, Flag] = {}
        seen: set[str] = set()
        stack = list(keys)
        while stack:
            name = stack.pop()
            if name in seen:
                continue
            seen.add(name)
            try:
                flag = flags.get(name)
            except (ValueError, LookupError, TypeError):
                continue
            if flag is not None:
                found[name] = flag
                stack.extend(flag.depends_on)
        return cls(found[name] for name in sorted(found))

    def key(self, context: Mapping[str, Any], now: int) -> bytes:
        """Return what the answers depend on; raises for no context."""
        index, plan = self._at(now)
        parts = [b"%d." % index]
        parts += [b"%d," % gate.threshold(now) for gate in plan.gates]
        parts += [b"1" if test(context, now, None) else b"0" for test in plan.clocks]
        parts.append(b".")
        parts += [_encode(get(context)) for get in plan.getters]
        return b"".join(parts)

    def paths(self, now: int) -> tuple[str, ...]:
        """Return the context paths that answers at `now` may depend on, sorted."""
        return self._at(now)[1].paths

    def _at(self, now: int) -> tuple[int, _Plan]:
        index = bisect_right(self._instants, now)
        known = self._plan
        if known is None or known[0] != index:
            known = self._plan = (index, _plan(self._flags, now))
        return known


class _Plan:
    """What is read between two instants, in an order that every node agrees on."""

    __slots__ = ("clocks", "gates", "getters", "paths")

    def __init__(
        self, paths: set[str], gates: Mapping[bytes, Gate], clocks: Mapping[bytes, Test]
    ) -> None:
        self.paths = tuple(sorted(paths))
        self.getters: tuple[Getter, ...] = tuple(map(getter, self.paths))
        self.gates = tuple(gates[form] for form in sorted(gates))
        self.clocks = tuple(clocks[form] for form in sorted(clocks))


class _Reader:
    """Goes through flags and notes what they read."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.gates: dict[bytes, Gate] = {}
        self.clocks: dict[bytes, Test] = {}

    def phase(self, phase: Phase, now: int) -> None:
        for found in phase.overrides.values():
            if any(each.expires is None or now < each.expires for each in found):
                self.paths.add(TARGETING_KEY)
        if phase.is_off:
            return
        for rule in phase.rules:
            if _in_force(rule, now):
                if rule.when is not None:
                    self.condition(rule.when)
                self.tables(rule)
        self.tables(phase.default)

    def condition(self, condition: Condition) -> None:
        for each in condition.walk():
            form = each.form
            if each.segment is not None and each.segment.has_lists:
                self.paths.add(each.segment.path)
            if form.attribute is not None:
                self.paths.add(canonical_path(form.attribute))
                if any(OPERATORS[name].reads_clock for name in form.tests):
                    self.clocks[canonical(form)] = each.test

    def tables(self, outcome: Outcome) -> None:
        experiment = outcome.experiment if isinstance(outcome, Rule) else None
        splits = experiment is None or experiment.status == "running"
        asks = splits and outcome.split is not None and outcome.split.fixed is None
        for gate in outcome.gates:
            if gate.moving is not None:
                self.gates[canonical(gate.form)] = gate
            asks = asks or gate.moving is not None or gate.fixed is None
        if asks:
            self.paths.add(TARGETING_KEY if outcome.by is None else outcome.by)


def _plan(flags: Iterable[Flag], now: int) -> _Plan:
    reader = _Reader()
    for flag in flags:
        reader.phase(flag.phase_at(now), now)
    return _Plan(reader.paths, reader.gates, reader.clocks)


def _in_force(rule: Rule, now: int) -> bool:
    if rule.experiment is not None and rule.experiment.status == "draft":
        return False
    started = rule.starts is None or rule.starts <= now
    return started and (rule.ends is None or now < rule.ends)


def _instants(flag: Flag) -> Iterable[int]:
    """Yield every instant at which what the flag reads or answers may change by itself."""
    for phase in flag.phases:
        named = [phase.form.at]
        named += [each.expires for found in phase.overrides.values() for each in found]
        for rule in phase.rules:
            named += [rule.starts, rule.ends]
        yield from (each for each in named if each is not None)


def _encode(value: Any) -> bytes:
    """Return bytes that are equal only for values which no operator or table tells apart.

    Numbers go by value, as they do in evaluation. A float from 2^53 on is kept apart from the
    integer it equals: the one is a unit, the other is not. Of objects, and of what else is no
    JSON scalar, nothing but presence is ever read; of lists, their scalars.
    """
    if isinstance(value, list):
        return b"l%d:" % len(value) + b"".join(map(_scalar, value))
    return _scalar(value)


def _scalar(value: Any) -> bytes:
    if value is None:
        return b"n"
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        return b"s%d:" % len(text) + text
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return b"i%x;" % value
    if isinstance(value, float):
        if value.is_integer() and -_EXACT_FLOATS < value < _EXACT_FLOATS:
            return b"i%x;" % int(value)
        return b"d" + struct.pack(">d", value)
    return b"o"
