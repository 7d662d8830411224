"""From a flag at the base of a change and at its head to the lock that the head should have.

    relock(before: FlagAtRevision | None, after: FlagAtRevision) -> bytes | None

gives the bytes of the lock file, None where the flag needs none; `relocked` tells also, table by
table, what moves. Both are pure: no clock, no history.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from burgee_compiler.allocate import (
    Ranges,
    exact_slots,
    least_move,
    least_moved,
    moved,
    slot_counts,
)
from burgee_compiler.lock_tables import Drawn, FlagAtRevision, Locked, LockKey, draws, tables_at
from burgee_compiler.lock_text import lock_text
from burgee_compiler.model.distribution import Split
from burgee_compiler.model.files import Lock, LockTable

__all__ = ["FlagAtRevision", "LockKey", "Relocked", "TableMove", "relock", "relocked", "same_lock"]


class TableMove(Struct, frozen=True, kw_only=True):
    """One table at the head, in environments where all of this is the same."""

    table: str
    at: int | None
    environments: tuple[str, ...]
    weights: Split
    after: Ranges
    before: Ranges | None
    """The table that users are in at the base; None for a new one, or one of another salt."""
    unlocked: Ranges | None
    """What a build makes of the head as it stands; None where it does not build."""

    @property
    def moved(self) -> int:
        """How many slots change hands with the lock that the head should have."""
        return 0 if self.before is None else moved(self.before, self.after)

    @property
    def least(self) -> int:
        """How many slots have to change hands, whatever is done."""
        return 0 if self.before is None else least_moved(self.before, self.weights)

    @property
    def moved_unlocked(self) -> int:
        """How many slots change hands as the head stands."""
        known = self.before is not None and self.unlocked is not None
        return moved(self.before, self.unlocked) if known else self.moved  # type: ignore[arg-type]


class Relocked(Struct, frozen=True):
    """The lock that a flag should have; `text` is None where it needs none."""

    lock: Lock | None
    tables: tuple[TableMove, ...]
    lost: tuple[LockKey, ...]
    """Tables whose entry cannot be used while no base says what it should be."""

    @property
    def text(self) -> bytes | None:
        """The bytes of the lock file."""
        return None if self.lock is None else lock_text(self.lock)


def relock(before: FlagAtRevision | None, after: FlagAtRevision) -> bytes | None:
    """Return the lock file that `after` should have, None where every table is canonical.

    From `before` on, as few slots of each table change hands as arithmetic allows. Without it the
    tables are those that a build of `after` makes.
    """
    return relocked(before, after).text


def relocked(before: FlagAtRevision | None, after: FlagAtRevision) -> Relocked:
    """Return the lock that `after` should have, and what moves in each of its tables."""
    found = [table for each in after.environments for table in _tables(before, after, each)]
    lock = _lock(found)
    lost = dict.fromkeys(each.drawn.key for each in found if each.is_lost)
    return Relocked(lock, tuple(_moves(found)), tuple(lost))


class _Table(Struct, frozen=True):
    """A split of the head in one environment."""

    drawn: Drawn
    environment: str
    before: Ranges | None
    unlocked: Ranges | None

    @property
    def is_lost(self) -> bool:
        return self.before is None and self.unlocked is None


def _tables(
    before: FlagAtRevision | None, after: FlagAtRevision, environment: str
) -> Iterator[_Table]:
    head = Locked(after.lock, environment)
    base = [] if before is None else tables_at(before, environment)
    unlocked = {each.key: each.ranges for each in tables_at(after, environment)}
    match = _Match(base, list(draws(after, environment, lambda drawn: drawn.derived)))
    for drawn in draws(after, environment, lambda drawn: _wanted(drawn, head, match)):
        if drawn.split is not None:
            yield _Table(drawn, environment, match.of(drawn), unlocked.get(drawn.key))


class _Match:
    """Finds the table at the base that the users of a table at the head are in."""

    def __init__(self, base: list[Drawn], head: list[Drawn]) -> None:
        self._base = {each.key: each for each in base}
        self._names = {each.table for each in base}
        self._by_was = {each.was: each.table for each in base if each.was is not None}
        self._head_names = {each.table for each in head}
        self._head = {each.key for each in head}

    def of(self, drawn: Drawn) -> Ranges | None:
        """Return the table, None for a new one or one that asks another unit or salt."""
        name = self._name(drawn)
        if name is None or drawn.split is None:
            return None
        found = self._base.get((name, drawn.at))
        need = {arm: count for arm, count in exact_slots(drawn.split).items() if count}
        if found is None or slot_counts(found.ranges) != need:
            # A step that is gone and had these weights was taken in: its users are in its table.
            found = self._taken_in(drawn, name, need) or found
        if found is None or (found.salt, found.by) != (drawn.salt, drawn.by):
            return None
        return found.ranges

    def _name(self, drawn: Drawn) -> str | None:
        """Return the table's name at the base, where `was` may stand for the name of a rule."""
        if drawn.table in self._names:
            return drawn.table
        earlier = [drawn.was, self._by_was.get(drawn.was)] if drawn.was is not None else []
        free = self._names - self._head_names
        return next((name for name in earlier if name in free), None)

    def _taken_in(self, drawn: Drawn, name: str, need: dict[str, int]) -> Drawn | None:
        gone = [
            each
            for each in self._base.values()
            if each.table == name
            and each.at is not None
            and (drawn.table, each.at) not in self._head
            and slot_counts(each.ranges) == need
        ]
        return gone[-1] if gone else None


def _wanted(drawn: Drawn, head: Locked, match: _Match) -> Ranges:
    """Return the table that moves the fewest: the one recorded at the head, where it does.

    So a lock that was restored, to undo a change, stays what it is; a step's table without an entry
    too, which follows from the table before the step.
    """
    assert drawn.split is not None
    recorded = head.table(drawn.key, drawn.split)
    before = match.of(drawn)
    if before is None:
        return drawn.derived if recorded is None else recorded
    kept = drawn.derived if recorded is None and drawn.at is not None else recorded
    if kept is not None and moved(before, kept) == least_moved(before, drawn.split):
        return kept
    return least_move(before, drawn.split)


def _lock(found: list[_Table]) -> Lock | None:
    """Return what a build needs to be told: the default first, rules by name, steps in time order.

    Environments with one table share an entry, and stand in the order of burgee.yaml.
    """
    shared: dict[tuple[object, ...], LockTable] = {}
    for each in found:
        drawn = each.drawn
        if drawn.ranges == drawn.derived:
            continue
        same = (*drawn.key, tuple(drawn.ranges.items()))
        entry = shared.get(same)
        shared[same] = LockTable(
            table=drawn.table,
            environments=(*(() if entry is None else entry.environments), each.environment),
            weights=(drawn.split or {}) if entry is None else entry.weights,
            ranges=drawn.ranges,
            at=drawn.at,
        )
    # Sorting is stable: what is equal here stays in the order of the environments.
    return Lock(tuple(sorted(shared.values(), key=_place))) if shared else None


def _place(table: LockTable) -> tuple[bool, str, bool, int]:
    return table.table != "default", table.table, table.at is not None, table.at or 0


def same_lock(one: Lock | None, other: Lock | None) -> bool:
    """Return whether two locks say the same, however they are written."""
    return _expanded(one) == _expanded(other)


def _expanded(lock: Lock | None) -> list[tuple[object, ...]] | None:
    """Return what a lock says, however its entries share environments and are ordered."""
    if lock is None:
        return None
    return sorted(
        (
            (table.table, table.at is not None, table.at or 0, environment),
            sorted((arm, count) for arm, count in _weights(table.weights).items() if count),
            sorted((*span, arm) for arm, spans in table.ranges.items() for span in spans),
        )
        for table in lock.tables
        for environment in table.environments
    )


def _weights(split: Split) -> dict[str, int]:
    return exact_slots(split) if any(split.values()) else {}


def _moves(found: list[_Table]) -> Iterator[TableMove]:
    shared: dict[str, TableMove] = {}
    for each in found:
        drawn = each.drawn
        same = repr((drawn.key, each.before, drawn.ranges, each.unlocked))
        known = shared.get(same)
        shared[same] = TableMove(
            table=drawn.table,
            at=drawn.at,
            environments=(*(() if known is None else known.environments), each.environment),
            weights=drawn.split or {},
            after=drawn.ranges,
            before=each.before,
            unlocked=each.unlocked,
        )
    yield from shared.values()
