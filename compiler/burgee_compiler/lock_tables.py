"""The tables of a flag at one revision, wherever something sets them, with or without its lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TypeAlias

from msgspec import Struct, structs

from burgee.buckets import SLOTS
from burgee.paths import canonical_path
from burgee_compiler.allocate import Ranges, canonical_ranges, least_move
from burgee_compiler.model.distribution import Serve, Split
from burgee_compiler.model.files import Layer, Lock, LockTable
from burgee_compiler.model.flag import Flag, Rule
from burgee_compiler.resolve import Phase, flag_in, phases_of

__all__ = ["Drawn", "FlagAtRevision", "LockKey", "Locked", "draws", "tables_at"]

LockKey: TypeAlias = tuple[str, int | None]
"""A table (`default`, or a rule's name) and the schedule step that sets it, None before any."""


class FlagAtRevision(Struct, frozen=True, kw_only=True):
    """A flag with its lock at one revision, and what else decides its tables."""

    key: str
    flag: Flag
    environments: tuple[str, ...]
    lock: Lock | None = None
    layers: Mapping[str, Layer] = {}


class Drawn(Struct, frozen=True, kw_only=True):
    """A table at a point where something sets what it serves; a variant for all is one range."""

    table: str
    at: int | None
    split: Split | None
    was: str | None
    salt: str
    by: str
    derived: Ranges
    """What a build without a lock's entry makes, given the tables before."""
    ranges: Ranges

    @property
    def key(self) -> LockKey:
        """What a lock's entry names."""
        return self.table, self.at


class Locked:
    """The entries of a lock for one environment, those that cannot be used apart."""

    def __init__(self, lock: Lock | None, environment: str) -> None:
        found: dict[LockKey, list[LockTable]] = {}
        for entry in lock.tables if lock is not None else ():
            if environment in entry.environments:
                found.setdefault((entry.table, entry.at), []).append(entry)
        self.damaged = {
            key for key, all_ in found.items() if len(all_) > 1 or _overlaps(all_[0].ranges)
        }
        self._ranges = {
            key: all_[0].ranges for key, all_ in found.items() if key not in self.damaged
        }

    def table(self, key: LockKey, split: Split) -> Ranges | None:
        """Return the recorded table moved to the weights."""
        ranges = self._ranges.get(key)
        return None if ranges is None else least_move(ranges, split)


def _overlaps(ranges: Ranges) -> bool:
    spans = sorted(span for each in ranges.values() for span in each)
    return any(end > start for (_, end), (start, _) in pairwise(spans))


Choose: TypeAlias = Callable[[Drawn], Ranges]


def tables_at(revision: FlagAtRevision, environment: str) -> list[Drawn]:
    """Return the tables that a build makes, without those whose entry it would refuse."""
    locked = Locked(revision.lock, environment)

    def choose(drawn: Drawn) -> Ranges:
        recorded = None if drawn.split is None else locked.table(drawn.key, drawn.split)
        return drawn.derived if recorded is None else recorded

    return [each for each in draws(revision, environment, choose) if each.key not in locked.damaged]


def draws(revision: FlagAtRevision, environment: str, choose: Choose) -> Iterator[Drawn]:
    """Yield each table wherever it is set anew, from the beginning through all steps.

    `choose` gives the ranges of a split. Where no step has set it, what a table serves is the same
    object as in the phase before.
    """
    before: dict[str, tuple[Serve, Ranges]] = {}
    for phase in phases_of(flag_in(revision.flag, environment)):
        now: dict[str, tuple[Serve, Ranges]] = {}
        for rule in (*phase.flag.rules, None):
            serve = phase.flag.default.serve if rule is None else rule.serve
            table = "default" if rule is None else rule.name
            last = before.get(table)
            if last is not None and last[0] is serve:
                now[table] = last
                continue
            drawn = _drawn(revision, phase, rule, None if last is None else last[1])
            if drawn.split is not None:
                drawn = structs.replace(drawn, ranges=choose(drawn))
            now[table] = serve, drawn.ranges
            yield drawn
        before = now


def _drawn(
    revision: FlagAtRevision, phase: Phase, rule: Rule | None, before: Ranges | None
) -> Drawn:
    serve = phase.flag.default.serve if rule is None else rule.serve
    derived = _derived(serve, before)
    salt = revision.flag.seed or revision.key
    return Drawn(
        table="default" if rule is None else rule.name,
        at=phase.at,
        split=serve.split,
        was=None if rule is None else rule.was,
        salt=salt if rule is None or rule.seed is None else f"{salt}:{rule.seed}",
        by=_unit(rule, phase.flag, revision.layers),
        derived=derived,
        ranges=derived,
    )


def _derived(serve: Serve, before: Ranges | None) -> Ranges:
    if serve.split is None:
        return {str(serve.variant): ((0, SLOTS),)}
    return canonical_ranges(serve.split) if before is None else least_move(before, serve.split)


def _unit(rule: Rule | None, flag: Flag, layers: Mapping[str, Layer]) -> str:
    if rule is None:
        return canonical_path(flag.by)
    layer = None if rule.experiment is None else layers.get(rule.experiment.layer or "")
    return canonical_path(layer.by if layer is not None else rule.by or flag.by)
