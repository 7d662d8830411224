"""How often each variant of each flag was served, as plain integers; shown on the admin listener.

An answer of many flags is counted as one; what it held is added up when somebody looks.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from burgee_http.metrics import Cell

__all__ = ["Counted", "Figures", "Tally"]

Served = tuple[str, str, str]
"""Tenant, flag, variant; the variant is empty where the caller's default was served."""


class Counted(Protocol):
    """What is counted where it was served."""

    @property
    def served(self) -> Cell: ...


class Tally:
    """How often one answer, which held these, was given."""

    __slots__ = ("count", "held")

    def __init__(self, held: Sequence[Counted], count: int) -> None:
        self.held = held
        self.count = count


class Figures:
    """The sums, and the tallies that are not yet in them."""

    def __init__(self) -> None:
        self._sums: dict[Served, Cell] = {}
        self._open: set[Tally] = set()

    def cell(self, tenant: str, flag: str, variant: str | None) -> Cell:
        """Return where a variant is counted; whoever counts it often keeps that."""
        served = tenant, flag, variant or ""
        found = self._sums.get(served)
        if found is None:
            found = self._sums[served] = Cell()
        return found

    def tally(self, held: Sequence[Counted], count: int = 1) -> Tally:
        """Return a tally that stands at `count`; it counts until it is settled."""
        tally = Tally(held, count)
        self._open.add(tally)
        return tally

    def count(self, held: Sequence[Counted]) -> None:
        """Count an answer that is given once."""
        for each in held:
            each.served.value += 1

    def settle(self, tally: Tally) -> None:
        """Add up a tally that will not grow any more."""
        self._open.discard(tally)
        _add(tally)

    def read(self) -> Mapping[tuple[str, ...], float]:
        """Return all sums."""
        for tally in self._open:
            _add(tally)
        return {served: cell.value for served, cell in self._sums.items() if cell.value}


def _add(tally: Tally) -> None:
    count = tally.count
    if count:
        for each in tally.held:
            each.served.value += count
        tally.count = 0
