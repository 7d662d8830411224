"""How often each variant of each flag was served, as plain integers; shown on the admin listener.

An answer of many flags is counted as one; what it held is added up when somebody looks.
"""

import time
from collections.abc import Callable, Mapping, Sequence
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

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.since = clock()
        self._clock = clock
        self._sums: dict[Served, Cell] = {}
        self._open: set[Tally] = set()
        self._seen: dict[tuple[str, ...], tuple[int, float]] = {}  # count and time, by flag

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

    def look(self) -> None:
        """Note which flags were served since the last look; counting itself asks no clock."""
        now = self._clock()
        counts: dict[tuple[str, ...], int] = {}
        for (tenant, flag, _), count in self.read().items():
            counts[tenant, flag] = counts.get((tenant, flag), 0) + int(count)
        for name, count in counts.items():
            if self._seen.get(name, (0, 0.0))[0] != count:
                self._seen[name] = count, now

    def last(self) -> Mapping[tuple[str, ...], float]:
        """Return when each flag was last served, in seconds since 1970, as of the looks at it."""
        self.look()
        return {name: at for name, (_, at) in self._seen.items()}

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
