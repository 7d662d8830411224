"""What the answers of a set of flags depend on beside the flags: context values and the clock.

Two evaluations of the set whose keys are equal give equal answers; so the key, together with the
flags' digests, is what an answer may be cached and compared under.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from burgee.evaluation.flags import Flag
from burgee.evaluation.reads import Reads
from burgee.evaluation.scope import Function
from burgee.evaluation.tables import Gate
from burgee.evaluation.tenant import TenantFlags
from burgee.paths import Getter, getter

__all__ = ["Footprint", "key"]

_EXACT_FLOATS: Final = 2.0**53
_AS_JSON: Final = frozenset({str, bool, type(None)})
"""Types whose JSON is as telling as `_encode`, and quicker to have."""
_json: Final = msgspec.json.Encoder().encode


def key(flags: Iterable[Flag], context: Mapping[str, Any], now: int) -> bytes:
    """Return the key of a closed set of flags; whoever asks often keeps a `Footprint`."""
    return Footprint(flags).key(context, now)


class Footprint:
    """The footprint of a set of flags that holds all that its flags depend on.

    What is read changes only at fixed instants (phases, starts and ends, expiries), so it is
    worked out once for each stretch of time between two of them.
    """

    __slots__ = ("_instants", "_plan", "_reads")

    def __init__(self, flags: Iterable[Flag]) -> None:
        # Most flags share what they read with many others.
        self._reads = tuple(dict.fromkeys(flag.reads for flag in flags))
        self._instants = sorted({each for reads in self._reads for each in reads.instants})
        self._plan: tuple[int, _Plan] | None = None

    @classmethod
    def of(cls, flags: TenantFlags, keys: Iterable[str]) -> Footprint:
        """Return the footprint of the flags named and of all they depend on.

        A flag that cannot be prepared answers with an error whatever is asked: it reads nothing.
        """
        found: list[Flag] = []
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
                found.append(flag)
                stack.extend(flag.depends_on)
        return cls(found)

    def key(self, context: Mapping[str, Any], now: int) -> bytes:
        """Return what the answers depend on; raises for no context."""
        index, plan = self._at(now)
        values = [get(context) for get in plan.getters]
        read = _encode_all(values)
        if not plan.reads_clock:
            return b"%d.." % index + read
        parts = [b"%d." % index]
        parts += [b"%d," % gate.threshold(now) for gate in plan.gates]
        parts += [b"1" if test(context, now, None) else b"0" for test in plan.clocks]
        parts += [b".", read]
        return b"".join(parts)

    def stretch(self, now: int) -> int | None:
        """Return a number for a stretch of time in which keys depend on the context alone; None
        where the clock is read otherwise.
        """
        index, plan = self._at(now)
        return None if plan.reads_clock else index

    def paths(self, now: int) -> tuple[str, ...]:
        """Return the context paths that answers at `now` may depend on, sorted."""
        return self._at(now)[1].paths

    def _at(self, now: int) -> tuple[int, _Plan]:
        index = bisect_right(self._instants, now) if self._instants else 0
        known = self._plan
        if known is None or known[0] != index:
            known = self._plan = (index, _Plan(self._reads, now))
        return known


class _Plan:
    """What is read between two instants, in an order that every node agrees on."""

    __slots__ = ("clocks", "gates", "getters", "paths", "reads_clock")

    def __init__(self, reads: Iterable[Reads], now: int) -> None:
        paths: set[str] = set()
        gates: dict[bytes, Gate] = {}
        clocks: dict[bytes, Function] = {}
        for each in reads:
            stretch = each.at(now)
            if stretch is None:
                paths |= each.paths
                continue
            paths |= stretch.paths
            gates |= stretch.gates
            clocks |= stretch.clocks
        self.paths = tuple(sorted(paths))
        self.getters: tuple[Getter, ...] = tuple(map(getter, self.paths))
        self.gates = tuple(gates[form] for form in sorted(gates))
        self.clocks = tuple(clocks[form] for form in sorted(clocks))
        self.reads_clock = bool(self.gates or self.clocks)


def _encode_all(values: list[Any]) -> bytes:
    """Return bytes that are equal only for lists whose every two values `_encode` makes equal.

    Which of the two forms a list has is told by its first byte, and follows from its values.
    """
    if _AS_JSON.issuperset(map(type, values)):
        try:
            return _json(values)
        except UnicodeEncodeError:  # a lone surrogate
            pass
    return b"v" + b"".join(map(_encode, values))


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
