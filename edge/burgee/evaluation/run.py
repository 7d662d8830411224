"""What one evaluation carries beyond context and clock: answers of other flags, and a trace.

A plain evaluation of a flag that depends on no other has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from burgee.buckets import draw_of, first_draw, slot_in
from burgee.units import unit_of

if TYPE_CHECKING:
    from burgee.evaluation.definition import Rule
    from burgee.evaluation.outcomes import Outcome
    from burgee.evaluation.result import Result
    from burgee.evaluation.tables import Gate, Split
    from burgee.evaluation.tenant import TenantFlags
    from burgee.evaluation.trace import Recorder

__all__ = ["Run", "Slots"]

Slots: TypeAlias = "Callable[[Gate | Split, int], int]"
"""Chooses the slot of a table at a time in place of hashing a unit."""

_ANY_UNIT = "any"
"""Stands for the unit where slots are chosen and nothing is hashed."""


class Run:
    """One evaluation: each other flag is decided once, so deep graphs cost what they hold."""

    __slots__ = ("flags", "memo", "recorder", "slots")

    def __init__(
        self, flags: TenantFlags, slots: Slots | None = None, recorder: Recorder | None = None
    ) -> None:
        self.flags = flags
        self.slots = slots
        self.recorder = recorder
        self.memo: dict[str, Result | None] = {}

    @property
    def traced(self) -> bool:
        """Whether it has to be told what is done."""
        return self.slots is not None or self.recorder is not None

    def unrecorded(self) -> Run:
        """Return the same run for other flags than the one that is explained."""
        inner = Run(self.flags, self.slots)
        inner.memo = self.memo
        return inner

    # What the functions of flags call; all but the first by traced ones alone.

    def served(self, key: str, context: Mapping[str, Any], now: int) -> str | None:
        """Return the variant that another flag serves, None on an error."""
        return self.flags.served(key, context, now, self)

    def unit(self, value: object) -> str | None:
        """Return the unit that a context value stands for."""
        return unit_of(value) if self.slots is None else _ANY_UNIT

    def draw(self, table: Gate | Split, unit: str, now: int) -> int:
        """Return the unit's hash under a table; where slots are chosen, the first of the slot."""
        if self.slots is None:
            draw = draw_of(table.prefix, unit)
        else:
            draw = first_draw(self.slots(table, now))
        if self.recorder is not None:
            shown = None if self.slots is not None else unit
            self.recorder.table(table, shown, slot_in(draw))
        return draw

    def requires(self, key: str, serves: frozenset[str], context: Any, now: int) -> bool:
        """Return whether a prerequisite is met."""
        served = self.served(key, context, now)
        if self.recorder is not None:
            self.recorder.prerequisite(key, serves, served)
        return served in serves

    def rule(self, rule: Rule, verdict: str) -> None:
        """Be told what became of a rule."""
        if self.recorder is not None:
            self.recorder.rule(rule, verdict)

    def default(self, outcome: Outcome, result: Result) -> Result:
        """Be told that no rule served; returns the result."""
        if self.recorder is not None:
            self.recorder.default(outcome, result)
        return result
