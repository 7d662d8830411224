"""Which slots each arm of a flag has: locks, schedule steps, least movement."""

from __future__ import annotations

from burgee.buckets import SLOTS
from burgee.snapshot.forms import GateForm, SplitForm
from burgee_compiler.allocate import Ranges, canonical_ranges, least_move
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
        self._at: int | None = None
        self._before: dict[str, tuple[Split, Ranges]] = {}
        self._now: dict[str, tuple[Split, Ranges]] = {}

    def begin(self, at: int | None) -> None:
        """Go on to the phase that begins at `at`; where it has no split, none is in effect."""
        self._at = at
        self._before, self._now = self._now, {}

    def ranges(self, table: str, weights: Split) -> Ranges:
        """Return the ranges of a table in the present phase.

        A split that no step has set anew is the very same object as in the phase before. One that
        follows a lone variant is canonical: so is every table moved from a single range.
        """
        before = self._before.get(table)
        entry = self._entries.get((table, self._at))
        if before is not None and before[0] is weights:
            ranges = before[1]
        elif entry is not None:
            ranges = least_move(entry.ranges, weights)
        elif before is not None:
            ranges = least_move(before[1], weights)
        else:
            ranges = canonical_ranges(weights)
        self._now[table] = (weights, ranges)
        return ranges


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
