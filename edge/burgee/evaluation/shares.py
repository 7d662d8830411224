"""Exact shares: what each variant gets over all units for one context, from the tables.

Slots under one salt are one draw; different salts count as independent. The evaluator runs once
for each combination of table cells that it tells apart.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias, TypeVar

from burgee.buckets import SLOTS
from burgee.evaluation.run import Slots
from burgee.evaluation.tables import Gate, Split

__all__ = ["TooManyCells", "pinned_slots", "shares"]

T = TypeVar("T")
Cells: TypeAlias = dict[str, tuple[int, int]]


class TooManyCells(ValueError):
    """The tables of a flag tell more combinations apart than can be walked."""


def pinned_slots(slot: int) -> Slots:
    """Return a choice of slots that gives every table the same one."""
    return lambda table, now: slot


def shares(evaluate: Callable[[Slots], T], limit: int = 20_000) -> list[tuple[Fraction, T]]:
    """Return each distinct run of `evaluate` with its exact share; the shares sum to 1.

    `evaluate` must ask the slots it is given and nothing else that varies.
    """
    found: list[tuple[Fraction, T]] = []
    open_: list[Cells] = [{}]
    while open_:
        if len(found) >= limit:
            raise TooManyCells(f"more than {limit} combinations of table cells")
        cells = open_.pop()
        result = evaluate(_chooser(cells, open_))
        share = Fraction(1)
        for start, end in cells.values():
            share *= Fraction(end - start, SLOTS)
        found.append((share, result))
    return found


def _chooser(cells: Cells, open_: list[Cells]) -> Slots:
    """Choose the first slot of what is left under a salt; leave the other cells for later."""

    def choose(table: Gate | Split, now: int) -> int:
        salt = table.form.salt
        start, end = cells.get(salt, (0, SLOTS))
        _, cell_end = table.cell(start, now)
        if cell_end < end:
            open_.append({**cells, salt: (cell_end, end)})
            end = cell_end
        cells[salt] = (start, end)
        return start

    return choose
