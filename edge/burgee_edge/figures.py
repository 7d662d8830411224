"""How often each variant of each flag was served, as plain integers; shown on the admin listener.

An answer of many flags is counted as one; what it held is added up when somebody looks.
"""

from collections.abc import Mapping, Sequence

from burgee.evaluation import Result
from burgee_http.metrics import Cell

__all__ = ["Figures", "Tally"]

Served = tuple[str, str, str]
"""Tenant, flag, variant; the variant is empty where the caller's default was served."""


class Tally:
    """How often one answer, which held these results, was given."""

    __slots__ = ("count", "results", "tenant")

    def __init__(self, tenant: str, results: Sequence[Result]) -> None:
        self.tenant = tenant
        self.results = results
        self.count = 1


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

    def tally(self, tenant: str, results: Sequence[Result]) -> Tally:
        """Return a tally that stands at one; it counts until it is settled."""
        tally = Tally(tenant, results)
        self._open.add(tally)
        return tally

    def settle(self, tally: Tally) -> None:
        """Add up a tally that will not grow any more."""
        self._open.discard(tally)
        self._add(tally)

    def read(self) -> Mapping[tuple[str, ...], float]:
        """Return all sums."""
        for tally in self._open:
            self._add(tally)
        return {served: cell.value for served, cell in self._sums.items() if cell.value}

    def _add(self, tally: Tally) -> None:
        if tally.count:
            for each in tally.results:
                answer = each.answer
                if answer.wire is None:
                    cell = self.cell(tally.tenant, answer.flag_key, answer.variant)
                else:
                    cell = answer.wire.served
                cell.value += tally.count
            tally.count = 0
