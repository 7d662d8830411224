"""The split table in effect at an instant: locks, and every step before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from burgee_compiler.model.distribution import Serve
from burgee_compiler.model.files import LockTable
from burgee_compiler.model.flag import Flag
from support.slow_evaluator.fields import fields_in, instants_of, rules_in
from support.slow_evaluator.tables import Ranges, canonical, least_move

__all__ = ["table_in_effect"]

_BEGINNING = -(10**30)


def table_in_effect(
    flag: Flag, lock: Sequence[LockTable], table: str, environment: str, now: int
) -> Ranges:
    """Return the ranges of a split, which the caller knows to be in effect."""
    ranges: Ranges | None = None
    for at, serve in _history(flag, table, environment, now):
        if serve is None:
            ranges = None
        elif serve.split is None:
            ranges = ((0, 100_000, str(serve.variant)),)
        else:
            weights = tuple(sorted(serve.split.items()))
            base = _recorded(lock, table, environment, at) or ranges
            ranges = canonical(weights) if base is None else least_move(base, weights)
    assert ranges is not None
    return ranges


def _history(
    flag: Flag, table: str, environment: str, now: int
) -> Iterator[tuple[int | None, Serve | None]]:
    """Tell what was served from each instant on at which something was set; first the base."""
    moments = [_BEGINNING, *(at for at in instants_of(flag) if at <= now)]
    for moment in moments:
        fields = fields_in(flag, environment, moment)
        if table == "default":
            set_at, serve = fields.set_at.get("default"), fields.default.serve
        else:
            found = [r for r in rules_in(fields, environment, moment) if r.name == table]
            serve = found[0].serve if found else None
            steps = [fields.set_at.get("rules"), *(r.set_at.get("serve") for r in found)]
            set_at = max((at for at in steps if at is not None), default=None)
        if moment == _BEGINNING:
            yield None, serve
        elif set_at == moment:
            yield moment, serve


def _recorded(
    lock: Sequence[LockTable], table: str, environment: str, at: int | None
) -> Ranges | None:
    for entry in lock:
        if entry.table == table and environment in entry.environments and entry.at == at:
            ranges = ((a, b, arm) for arm, pairs in entry.ranges.items() for a, b in pairs)
            return tuple(sorted(ranges))
    return None
