"""Settling a lock in conflict: per table the side that changed it, ours if both did."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from burgee_compiler.lock_text import read_lock
from burgee_compiler.model.files import Lock, LockTable

__all__ = ["Sides", "is_marked", "marked_sides", "settle"]


class Sides(Struct, frozen=True):
    """The versions of a file that met; None for one that is not there, or not known."""

    ancestor: bytes | None
    ours: bytes | None
    theirs: bytes | None


_Key: TypeAlias = tuple[str, int | None, str]


def settle(sides: Sides, path: str, ancestor: Lock | None = None) -> Lock:
    """Return a lock with each table as the side has it that changed it.

    `ancestor` stands in where the sides name none. What cannot be read says nothing, so the
    tables come from the other side.
    """
    ours, theirs = _tables(sides.ours, path), _tables(sides.theirs, path)
    known = sides.ancestor is not None or ancestor is not None
    before = (
        _tables(sides.ancestor, path) if sides.ancestor is not None else _by_key(ancestor)
    ) or {}
    if ours is None or theirs is None:
        return _lock(ours if ours is not None else theirs or {})
    found: dict[_Key, LockTable] = {}
    for key in {**ours, **theirs}:
        mine, other = ours.get(key), theirs.get(key)
        untouched = _same(mine, before.get(key)) if known else mine is None
        chosen = other if untouched else mine
        if chosen is not None:
            found[key] = chosen
    return _lock(found)


def is_marked(data: bytes) -> bool:
    """Return whether a file holds the marks of a merge conflict."""
    return any(line.startswith(b"<<<<<<<") for line in data.splitlines())


def marked_sides(data: bytes) -> Sides:
    """Return the versions between the marks; the ancestor only where the marks show it."""
    sides: dict[bytes, list[bytes]] = {mark: [] for mark in (b"<", b"|", b"=")}
    now: bytes | None = None
    shown = False
    for line in data.splitlines(keepends=True):
        mark = line[:1] if line[:7] in _MARKS else None
        if mark is None:
            for side in sides if now is None else (now,):
                sides[side].append(line)
        elif mark == b">":
            now = None
        else:
            now = mark
            shown = shown or mark == b"|"
    ours, ancestor, theirs = (b"".join(sides[mark]) for mark in (b"<", b"|", b"="))
    return Sides(ancestor if shown else None, ours, theirs)


_MARKS = frozenset(mark * 7 for mark in (b"<", b"|", b"=", b">"))


def _tables(data: bytes | None, path: str) -> dict[_Key, LockTable] | None:
    """Return the entries of a side; of one that removed the file there are none."""
    if data is None:
        return {}
    lock = read_lock(data, path)
    return None if lock is None else _by_key(lock)


def _by_key(lock: Lock | None) -> dict[_Key, LockTable]:
    return {
        (table.table, table.at, environment): table
        for table in (() if lock is None else lock.tables)
        for environment in table.environments
    }


def _same(one: LockTable | None, other: LockTable | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.weights == other.weights and one.ranges == other.ranges


def _lock(tables: dict[_Key, LockTable]) -> Lock:
    return Lock(
        tuple(
            LockTable(
                table=name,
                environments=(environment,),
                weights=table.weights,
                ranges=table.ranges,
                at=at,
            )
            for (name, at, environment), table in tables.items()
        )
    )
