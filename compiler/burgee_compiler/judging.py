"""One flag test: what the production evaluator answers to it, and whether that was expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NoReturn, TypeAlias

from msgspec import UNSET

from burgee.buckets import SLOTS
from burgee.evaluation.result import Result
from burgee.evaluation.run import Slots
from burgee.evaluation.shares import pinned_slots, shares
from burgee.evaluation.tenant import TenantFlags
from burgee.snapshot.canonical import canonical
from burgee_compiler.memo import Reached
from burgee_compiler.model.flag_test import CALLERS_DEFAULT, Expect, FlagTest, SegmentTest

__all__ = [
    "ClockAsked",
    "Seen",
    "clock_of",
    "expected_of",
    "judge",
    "reached_by",
    "seen_by",
    "slots_of",
    "told_of",
]

Seen: TypeAlias = Sequence[tuple[Fraction, Result]]
"""What a test's context gets: each result with its share of the units."""
_FIELDS: Final = ("variant", "value", "reason", "rule", "experiment")
_DEFAULTS: Final = frozenset({"default", "default_distribution"})
_WHOLE: Final = Fraction(1)


class ClockAsked(Exception):
    """An evaluation compared something with a clock that the test does not state."""


class _NoClock:
    """Stands in for the clock of a test without `at`: whoever looks at it is found out."""

    def _asked(self, other: object) -> NoReturn:
        raise ClockAsked

    __lt__ = __le__ = __gt__ = __ge__ = __sub__ = __rsub__ = __add__ = __radd__ = _asked


def clock_of(test: FlagTest | SegmentTest) -> Any:
    """Return the clock that a test runs against."""
    return _NoClock() if test.at is None else test.at


def slots_of(test: FlagTest) -> Slots | None:
    """Return the choice of slots that a test pins, None where units are hashed."""
    if test.bucket is None:
        return None
    return pinned_slots(math.floor(Fraction(test.bucket) * SLOTS))


def seen_by(flags: TenantFlags, key: str, test: FlagTest) -> Seen:
    """Evaluate what a test asks; raises ClockAsked, and TooManyCells for shares."""
    clock = clock_of(test)
    if test.expect.shares is not UNSET:
        return shares(lambda slots: flags.evaluate(key, test.context, clock, slots))
    return [(_WHOLE, flags.evaluate(key, test.context, clock, slots_of(test)))]


def reached_by(seen: Seen) -> tuple[Reached, ...]:
    """Return which variants of which rules answered; the default's rule is None."""
    found = {
        Reached(each.rule, each.variant)
        for share, each in seen
        if share and (each.rule is not None or each.reason in _DEFAULTS)
    }
    return tuple(sorted(found, key=lambda each: (each.rule or "", each.variant or "")))


def judge(expect: Expect, seen: Seen) -> tuple[str, str] | None:
    """Return the first expectation that is not met, and how."""
    return _judge_shares(expect, seen) if expect.shares is not UNSET else _judge_one(expect, seen)


def expected_of(expect: Expect) -> dict[str, Any]:
    """Return what a test expects, as JSON values by field."""
    if expect.shares is not UNSET:
        return {"shares": {name: float(each) for name, each in sorted(expect.shares.items())}}
    named = {name: getattr(expect, name) for name in _FIELDS}
    return {name: value for name, value in named.items() if value is not UNSET}


def told_of(expect: Expect, seen: Seen) -> dict[str, Any]:
    """Return what came instead, by the fields that were expected; and the reason, always."""
    if expect.shares is not UNSET:
        return {"shares": {name: float(each) for name, each in sorted(_percents(seen).items())}}
    ((_, result),) = seen
    fields = [*expected_of(expect), "reason", *(("rule",) if result.rule else ())]
    return {name: getattr(result, name) for name in dict.fromkeys(fields)}


def _judge_one(expect: Expect, seen: Seen) -> tuple[str, str] | None:
    ((_, result),) = seen
    why = f"(reason {result.reason}" + (f", rule {result.rule})" if result.rule else ")")
    for field in ("variant", "reason", "rule", "experiment"):
        wanted, got = getattr(expect, field), getattr(result, field)
        if wanted is not UNSET and wanted != got:
            return field, f"expected {field} {wanted}, got {got or 'none'} {why}"
    if expect.value is not UNSET and not _same_value(expect.value, result.value):
        wanted, got = canonical(expect.value).decode(), canonical(result.value).decode()
        return "value", f"expected value {wanted}, got {got} {why}"
    return None


def _same_value(wanted: Any, got: Any) -> bool:
    if isinstance(got, float) and isinstance(wanted, int) and not isinstance(wanted, bool):
        return float(wanted) == got
    return canonical(wanted) == canonical(got)


def _judge_shares(expect: Expect, seen: Seen) -> tuple[str, str] | None:
    assert expect.shares is not UNSET
    wanted, got = expect.shares, _percents(seen)
    for name in sorted({*wanted, *got}):
        expected = wanted.get(name, Decimal(0))
        if got.get(name, Decimal(0)) != expected:
            shown = ", ".join(f"{each}: {got[each].normalize():f}" for each in sorted(got))
            return "shares", f"expected {expected} % of {name}; the shares are {{{shown}}}"
    return None


def _percents(seen: Seen) -> dict[str, Decimal]:
    """Return each variant's share in percent, rounded to three decimals, halves up."""
    total: dict[str, Fraction] = {}
    for share, result in seen:
        name = result.variant or CALLERS_DEFAULT
        total[name] = total.get(name, Fraction(0)) + share
    return {
        name: Decimal(math.floor(share * 100_000 + Fraction(1, 2))) / 1000
        for name, share in total.items()
    }
