"""Random outcomes: variants, splits with odd weights, fixed and moving percentages, locks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from support.strategies.drawing import Chooser
from support.strategies.universe import INSTANTS, spelled
from support.yaml_text import Plain

__all__ = ["cuts", "lock_entry", "percentage", "serve", "split"]

_SLOTS: Final = 100_000
_WEIGHTS: Final = tuple(
    Plain(text) for text in ("1", "50", "2", "3", "7", "33.3", "0", "0.5", "1e1", ".5", "0x10")
)
_PERCENT: Final = tuple(
    Plain(text) for text in ("50", "100", "0", "5", "12.345", "0.001", "99.999", "33.3", "1e1")
)


def split(chooser: Chooser, variants: Sequence[str]) -> dict[str, Any]:
    """Return weights, at least one of them above 0."""
    arms = chooser.some(variants, 1, len(variants))
    weights = {arm: chooser.pick(_WEIGHTS) for arm in arms}
    if all(weight == "0" for weight in weights.values()):
        weights[arms[0]] = Plain("1")
    return {"split": weights}


def serve(chooser: Chooser, variants: Sequence[str]) -> Any:
    """Return what `serve` takes."""
    return split(chooser, variants) if chooser.chance(2) else chooser.pick(variants)


def percentage(chooser: Chooser) -> Any:
    """Return a percentage, fixed or moving."""
    if not chooser.chance(3):
        return chooser.pick(_PERCENT)
    first, last = chooser.some(range(len(INSTANTS)), 2, 2)
    return {
        "from": chooser.pick(_PERCENT),
        "to": chooser.pick(_PERCENT),
        "start": spelled(INSTANTS[first]),
        "end": spelled(INSTANTS[last], chooser.count(0, 2)),
    }


def cuts(chooser: Chooser, pieces: int) -> list[tuple[int, int]]:
    """Return all slots in so many pieces."""
    inner = {chooser.count(1, _SLOTS - 1) for _ in range(pieces - 1)}
    points = [0, *sorted(inner), _SLOTS]
    return list(pairwise(points))


def lock_entry(
    chooser: Chooser, table: str, at: int | None, environments: Sequence[str], arms: Sequence[str]
) -> dict[str, Any]:
    """Return a recorded table; its arms may be gone, its weights are of no present split."""
    ranges: dict[str, list[list[int]]] = {}
    for start, end in cuts(chooser, chooser.count(1, 5)):
        ranges.setdefault(chooser.pick(arms), []).append([start, end])
    weights = {arm: sum(end - start for start, end in spans) for arm, spans in ranges.items()}
    entry = {
        "table": table,
        "environments": list(environments),
        "weights": weights,
        "ranges": ranges,
    }
    return entry if at is None else {**entry, "at": spelled(at, 2)}
