"""Why a flag answered as it did: the evaluator's own steps, written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from burgee.evaluation.conditions import Condition
from burgee.evaluation.definition import Rule
from burgee.evaluation.outcomes import Outcome
from burgee.evaluation.program import make_function
from burgee.evaluation.result import Result
from burgee.evaluation.run import Run, Slots
from burgee.evaluation.tables import Gate, Split
from burgee.evaluation.tenant import TenantFlags
from burgee.paths import getter
from burgee.snapshot.forms import SplitForm

__all__ = [
    "ConditionTrace",
    "PrerequisiteTrace",
    "Recorder",
    "RuleTrace",
    "TableTrace",
    "Trace",
    "explain",
]


class ConditionTrace(Struct, frozen=True, omit_defaults=True):
    """One condition: whether it holds and, for an attribute, the value that was seen."""

    kind: str
    holds: bool
    attribute: str | None = None
    tests: dict[str, Any] = {}
    ignore_case: bool = False
    value: Any = None
    segment: str | None = None
    listed: str | None = None
    flag: str | None = None
    serves: tuple[str, ...] = ()
    served: str | None = None
    children: tuple[ConditionTrace, ...] = ()


class TableTrace(Struct, frozen=True, omit_defaults=True):
    """One table: its slot and what lies there; `slot` is None where it is fixed or had no unit."""

    kind: str
    salt: str
    ranges: tuple[tuple[int, int, str], ...]
    by: str
    unit: str | None = None
    slot: int | None = None
    chose: str | None = None
    layer: str | None = None
    held_out: bool = False


class RuleTrace(Struct, frozen=True, omit_defaults=True):
    """One rule in order, or the default (`rule` is None), and what became of it."""

    rule: str | None
    verdict: str
    when: ConditionTrace | None = None
    tables: tuple[TableTrace, ...] = ()


class PrerequisiteTrace(Struct, frozen=True):
    """One prerequisite: what it had to serve and what it served."""

    flag: str
    serves: tuple[str, ...]
    served: str | None


class Trace(Struct, frozen=True):
    """An answer and every step to it; `phase` is the instant since which this form is in force."""

    result: Result
    now: int
    phase: int | None
    state: str
    prerequisites: tuple[PrerequisiteTrace, ...]
    rules: tuple[RuleTrace, ...]


class Recorder:
    """Takes down what the evaluator does for one flag."""

    def __init__(
        self, variants: tuple[tuple[str, Any], ...], context: Mapping[str, Any], now: int
    ) -> None:
        self._variants = variants
        self._context = context
        self._now = now
        self._slots: dict[int, tuple[str | None, int]] = {}
        self.prerequisites: list[PrerequisiteTrace] = []
        self.rules: list[RuleTrace] = []
        self.run: Run | None = None

    def prerequisite(self, key: str, serves: frozenset[str], served: str | None) -> None:
        """Note a prerequisite."""
        self.prerequisites.append(PrerequisiteTrace(key, tuple(sorted(serves)), served))

    def table(self, table: Gate | Split, unit: str | None, slot: int) -> None:
        """Note the slot that a table was asked for."""
        self._slots[id(table)] = (unit, slot)

    def rule(self, rule: Rule, verdict: str) -> None:
        """Note what became of a rule."""
        asked = verdict in ("served", "kept_out", "no_unit", "targeting_key_missing")
        skipped = verdict in ("draft", "not_started", "ended")
        when = None if rule.when is None or skipped else self._condition(rule.when)
        tables = self._tables(rule) if asked else ()
        self.rules.append(RuleTrace(rule.name, verdict, when, tables))

    def default(self, outcome: Outcome, result: Result) -> None:
        """Note that no rule served and the default answered."""
        self.rules.append(RuleTrace(None, result.reason, None, self._tables(outcome)))

    def _condition(self, condition: Condition) -> ConditionTrace:
        form, context = condition.form, self._context
        segment = condition.segment
        inner = (segment.when,) if segment is not None and segment.when is not None else ()
        assert self.run is not None
        run = self.run.unrecorded()
        served = None if form.flag is None else run.served(form.flag, context, self._now)
        return ConditionTrace(
            kind=condition.kind,
            holds=condition.test(context, self._now, run),
            attribute=form.attribute,
            tests=form.tests,
            ignore_case=form.ignore_case,
            value=None if form.attribute is None else getter(form.attribute)(context),
            segment=None if segment is None else segment.name,
            listed=None if segment is None else segment.lists(context),
            flag=form.flag,
            serves=form.serves,
            served=served,
            children=tuple(self._condition(child) for child in (*condition.children, *inner)),
        )

    def _tables(self, outcome: Outcome) -> tuple[TableTrace, ...]:
        layer = outcome.layer if isinstance(outcome, Rule) else None
        tables = [("layer", layer), ("gate", outcome.gate), ("split", outcome.split)]
        return tuple(
            self._table(kind, table, outcome) for kind, table in tables if table is not None
        )

    def _table(self, kind: str, table: Gate | Split, outcome: Outcome) -> TableTrace:
        unit, slot = self._slots.get(id(table), (None, None))
        form = table.form
        if isinstance(table, Gate):
            ranges = tuple((start, end, "in") for start, end in table.current_ranges(self._now))
            chose = None if slot is None else "in" if table.admits(slot, self._now) else "out"
        else:
            assert isinstance(form, SplitForm)
            names = self._variants
            ranges = tuple((start, end, names[arm][0]) for start, end, arm in form.ranges)
            arm = -1 if slot is None else table.arm(slot)
            chose = names[arm][0] if arm >= 0 else None
        layer = table.layer if isinstance(table, Gate) else None
        held_out = (
            isinstance(table, Gate)
            and slot is not None
            and any(start <= slot < end for start, end in table.holdout)
        )
        return TableTrace(
            kind, form.salt, ranges, outcome.form.by, unit, slot, chose, layer, held_out
        )


def explain(
    flags: TenantFlags,
    key: str,
    context: Mapping[str, Any],
    now: int,
    slots: Slots | None = None,
) -> Trace:
    """Evaluate a flag as `TenantFlags.evaluate` does, and return the answer with every step to it.

    KeyError where there is no such flag, ValueError where it cannot be prepared.
    """
    flag = flags.get(key)
    if flag is None:
        raise KeyError(key)
    definition = flag.definition()
    recorder = Recorder(definition.form.variants, context, now)
    recorder.run = Run(flags, slots, recorder)
    try:
        result: Result = make_function(definition, traced=True)(context, now, recorder.run)
    finally:
        recorder.run = None  # each holds the other, and so the whole set
    phase = definition.phase_at(now)
    return Trace(
        result=result,
        now=now,
        phase=phase.form.at,
        state=phase.form.state,
        prerequisites=tuple(recorder.prerequisites),
        rules=tuple(recorder.rules),
    )
