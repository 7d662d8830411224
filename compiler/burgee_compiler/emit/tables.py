"""Which slots each arm of a flag has: locks, schedule steps, least movement."""

from __future__ import annotations

from burgee.buckets import SLOTS
from burgee.snapshot.forms import GateForm, SplitForm
from burgee_compiler.allocate import Ranges, canonical_ranges, exact_slots, least_move
from burgee_compiler.model.distribution import Moving, Split
from burgee_compiler.model.files import Lock, LockTable

__all__ = ["Tables", "gate_form", "split_form"]


class Tables:
    """The split tables of one flag in one environment, phase after phase."""

    def __init__(self, lock: Lock | None, environment: str) -> None:
        self._entries: dict[tuple[str, int | None], LockTable] = {
            (entry.table, entry.at): entry
            for entry in (lock.tables if lock is not None else ())
            if environment in entry.environments
        }
        self._before: dict[str, tuple[Split, Ranges]] = {}

    def ranges(self, table: str, weights: Split, at: int | None) -> Ranges:
        """Return the ranges of a table in the phase that begins at `at`; ask phases in order.

        A split that no step has set anew is the very same object in the next phase.
        """
        before = self._before.get(table)
        if before is not None and before[0] is weights:
            return before[1]
        entry = self._entries.get((table, at))
        if entry is None and before is None:
            entry = self._entries.get((table, None))
        if entry is not None:
            ranges = _moved(entry.ranges, weights)
        elif before is not None:
            ranges = _moved(before[1], weights)
        else:
            ranges = canonical_ranges(weights)
        self._before[table] = (weights, ranges)
        return ranges


def _moved(base: Ranges, weights: Split) -> Ranges:
    return base if _fits(base, weights) else least_move(base, weights)


def _fits(ranges: Ranges, weights: Split) -> bool:
    """Return whether a table already gives each arm what its weight asks for."""
    have = {arm: sum(end - start for start, end in spans) for arm, spans in ranges.items()}
    return {arm: n for arm, n in have.items() if n} == {
        arm: n for arm, n in exact_slots(weights).items() if n
    }


def split_form(ranges: Ranges, salt: str, index: dict[str, int]) -> SplitForm:
    """Return a split's form: ranges in ascending order, arms by their index."""
    spans = sorted((start, end, index[arm]) for arm in ranges for start, end in ranges[arm])
    return SplitForm(salt=salt, ranges=tuple(spans))


def gate_form(percentage: int | Moving | None, salt: str) -> GateForm | None:
    """Return a gate's form; thousandths of a percent are slots. None where all are let in."""
    if percentage is None or percentage == SLOTS:
        return None
    if isinstance(percentage, Moving):
        moving = (percentage.from_, percentage.to, percentage.start, percentage.end)
        return GateForm(salt=salt, moving=moving)
    return GateForm(salt=salt, ranges=((0, percentage),) if percentage else ())
