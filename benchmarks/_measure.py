"""Timing two things in turn, so that a machine whose speed drifts distorts neither."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from msgspec import Struct

__all__ = ["Timed", "interleaved", "report"]


class Timed(Struct, frozen=True):
    """Nanoseconds per call over several rounds."""

    name: str
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.rounds)

    @property
    def spread(self) -> str:
        """The lowest and the highest round."""
        return f"{min(self.rounds):,.0f}–{max(self.rounds):,.0f}"


def interleaved(
    works: dict[str, Callable[[], object]], calls: int, rounds: int = 7
) -> dict[str, Timed]:
    """Return the time of one of `calls` calls that each work makes, the works taking turns.

    A work is a function that makes all its calls itself.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter_ns()
            work()
            if number:  # the first round warms up
                taken[name].append((time.perf_counter_ns() - start) / calls)
    return {name: Timed(name, tuple(values)) for name, values in taken.items()}


def report(title: str, timed: dict[str, Timed], floor: str, unit: str = "ns") -> None:
    """Print each median with its spread, and its ratio to the floor."""
    print(title)
    base = timed[floor].median
    for each in timed.values():
        print(
            f"  {each.name:<34} {each.median:>12,.0f} {unit}  ({each.spread})  "
            f"ratio {each.median / base:.2f}"
        )
