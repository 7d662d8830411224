"""Bucket tables, prepared: which slots a gate lets in, which variant a split gives.

A table whose answer is the same for every slot is *fixed*: it needs no unit and decides nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from burgee.buckets import SLOTS, first_draw, slot_prefix
from burgee.snapshot.forms import GateForm, LayerForm, SplitForm, TableForm

__all__ = ["Gate", "Split", "UnsupportedTable"]

Piece = tuple[int, int, int]


class UnsupportedTable(ValueError):
    """A table that buckets in a way this version does not know."""


class _Table:
    """Slots cut into pieces, each with a number; -1 stands for nothing."""

    __slots__ = ("arms", "bounds", "ends", "fixed", "form", "prefix")

    def __init__(self, tenant: str, form: TableForm, pieces: Iterable[Piece]) -> None:
        if (form.hash, form.key, form.slots, form.comparison) != (
            "xxh3_64",
            "{tenant}/{salt}/{unit}",
            SLOTS,
            "<",
        ):
            raise UnsupportedTable(f"unknown bucketing {form.hash} {form.key!r} of {form.slots}")
        self.form = form
        self.prefix = slot_prefix(tenant, form.salt)
        self.ends, self.arms = _cut(pieces)
        self.bounds = tuple(map(first_draw, self.ends))
        """The ends as hashes: comparing with them saves working out the slot."""
        self.fixed = self.arms[0] if len(self.arms) == 1 else None

    def arm(self, slot: int) -> int:
        """Return the number of the piece that `slot` lies in, -1 where none does."""
        return self.arms[bisect_right(self.ends, slot)]

    def cell(self, slot: int, now: int) -> tuple[int, int]:
        """Return the slots [start, end) around `slot` that this table does not tell apart."""
        index = bisect_right(self.ends, slot)
        return (self.ends[index - 1] if index else 0), self.ends[index]


class Split(_Table):
    """Which variant a slot gets."""

    __slots__ = ()

    def __init__(self, tenant: str, form: SplitForm) -> None:
        super().__init__(tenant, form, form.ranges)


class Gate(_Table):
    """Which slots are let in; `layer` and `holdout` are set where it is a layer's share."""

    __slots__ = ("holdout", "layer", "moving")

    def __init__(self, tenant: str, form: GateForm) -> None:
        super().__init__(tenant, form, ((start, end, 1) for start, end in form.ranges))
        self.moving = form.moving
        self.layer = form.name if isinstance(form, LayerForm) else None
        self.holdout = form.holdout if isinstance(form, LayerForm) else ()

    def admits(self, slot: int, now: int) -> bool:
        """Return whether `slot` is let in now."""
        return self.arm(slot) == 1 if self.moving is None else slot < self.threshold(now)

    def threshold(self, now: int) -> int:
        """Return how many slots a moving gate admits now: linear in time, floored, exact."""
        assert self.moving is not None
        first, last, start, end = self.moving
        if now <= start:
            return first
        if now >= end:
            return last
        return first + (last - first) * (now - start) // (end - start)

    def cell(self, slot: int, now: int) -> tuple[int, int]:
        if self.moving is None:
            return super().cell(slot, now)
        threshold = self.threshold(now)
        return (0, threshold) if slot < threshold else (threshold, SLOTS)

    def current_ranges(self, now: int) -> tuple[tuple[int, int], ...]:
        """Return the slots let in now, as half-open ranges."""
        form = self.form
        assert isinstance(form, GateForm)
        return form.ranges if self.moving is None else ((0, self.threshold(now)),)


def _cut(pieces: Iterable[Piece]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ends of consecutive pieces that cover all slots, and their numbers."""
    ends: list[int] = []
    arms: list[int] = []
    position = 0
    for start, end, arm in sorted(pieces):
        if start >= end:
            continue
        if start < position or end > SLOTS:
            raise UnsupportedTable(f"slots [{start}, {end}) overlap others or do not exist")
        if start > position:
            _append(ends, arms, start, -1)
        _append(ends, arms, end, arm)
        position = end
    if position < SLOTS:
        _append(ends, arms, SLOTS, -1)
    return tuple(ends), tuple(arms)


def _append(ends: list[int], arms: list[int], end: int, arm: int) -> None:
    if arms and arms[-1] == arm:
        ends[-1] = end
    else:
        ends.append(end)
        arms.append(arm)
