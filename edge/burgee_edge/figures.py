"""How often each variant of each flag was served, as plain integers; shown on the admin listener.

An answer of many flags is counted as one; what it held is added up when somebody looks.
"""

from collections import Counter
from collections.abc import Mapping

from burgee.evaluation import Result

__all__ = ["Figures", "Tally"]

Served = tuple[str, str, str]
"""Tenant, flag, variant; the variant is empty where the caller's default was served."""


class Tally:
    """How often one answer, which served these variants, was given."""

    __slots__ = ("count", "served")

    def __init__(self, served: tuple[Served, ...]) -> None:
        self.served = served
        self.count = 1


class Figures:
    """The sums, and the tallies that are not yet in them."""

    def __init__(self) -> None:
        self._sums: Counter[Served] = Counter()
        self._open: set[Tally] = set()

    def one(self, tenant: str, result: Result) -> None:
        """Count one flag that was served by itself."""
        if result.reason != "flag_not_found":
            self._sums[tenant, result.flag_key, result.variant or ""] += 1

    def tally(self, tenant: str, results: list[Result]) -> Tally:
        """Return a tally that stands at one; it counts until it is settled."""
        tally = Tally(tuple((tenant, each.flag_key, each.variant or "") for each in results))
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
        return {each: float(count) for each, count in self._sums.items()}

    def _add(self, tally: Tally) -> None:
        if tally.count:
            for each in tally.served:
                self._sums[each] += tally.count
            tally.count = 0
