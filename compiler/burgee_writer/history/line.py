"""The commits that led to a tip, in an order that depends on nothing but the tip.

Along the first parents, which are what was live one after the other, each commit comes with those
that it brought: parents first, then by time. So what a merge brought stands before it and behind
the commit that it was merged into, and each commit is known to have become live by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from burgee_compiler.trees import UnknownRevision
from burgee_writer.history.records import Record

__all__ = ["Line", "Lookup"]

Lookup: TypeAlias = "Callable[[str], Record | None]"


class Line:
    """Records, oldest first. What is in it stays as it is; one thread at a time may extend it."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.tip = ""
        self.edges: list[str] = []
        """Where a shallow clone ends."""
        self._live: list[int] = []
        self._ends: dict[str, int] = {}
        """How many records lead to a commit of the first parents, itself counted."""
        self._places: dict[str, int] = {}
        self._keys: dict[str, int] = {}

    def __contains__(self, commit: str) -> bool:
        return commit in self._places

    def led_to(self, tip: str) -> int | None:
        """Return how many records there are up to a commit of the first parents, else None."""
        return self._ends.get(tip)

    def record(self, commit: str) -> Record | None:
        """Return a commit's record, None where it did not lead to the tip."""
        place = self._places.get(commit)
        return None if place is None else self.records[place]

    def live(self, place: int) -> Record:
        """Return the commit of the first parents by which a record became live."""
        return self.records[self._live[place]]

    def by_key(self, key: str) -> Record | None:
        """Return the last commit, signed by a writer, that settles an idempotency key."""
        place = self._keys.get(key)
        return None if place is None else self.records[place]

    def extended(self, tip: str, look_up: Lookup) -> Line:
        """Return the line that leads to `tip`: this one, grown, or another where history forked.

        Raises UnknownRevision where there is no such commit. Nothing is changed if that fails.
        """
        missing, parted = self._missing(tip, look_up)
        line = self if parted == len(self.records) else self._up_to(parted)
        known = Known(line, {})
        groups = [[*_brought(each, known, look_up), each] for each in reversed(missing)]
        for group in groups:
            line._append(group)  # noqa: SLF001  our own
        line.tip = tip
        return line

    def _missing(self, tip: str, look_up: Lookup) -> tuple[list[Record], int]:
        """Return the first parents that are not in the line, and how much of it leads to them."""
        missing: list[Record] = []
        commit: str | None = tip
        while commit is not None:
            if commit in self._ends:
                return missing, self._ends[commit]
            found = self.record(commit) or look_up(commit)
            if found is None:
                break
            missing.append(found)
            commit = found.parents[0] if found.parents else None
        if not missing:
            raise UnknownRevision(f"{tip!r} names no commit of the repository")
        return missing, 0

    def _up_to(self, count: int) -> Line:
        line = Line()
        start = 0
        while start < count:
            end = self._live[start] + 1
            line._append(self.records[start:end])
            start = end
        return line

    def _append(self, group: list[Record]) -> None:
        last = len(self.records) + len(group) - 1
        for place, record in enumerate(group, len(self.records)):
            self._live.append(last)
            self.records.append(record)
            self._places[record.id] = place
            if record.is_edge:
                self.edges.append(record.id)
            if record.message is not None and record.message.key:
                self._keys[record.message.key] = place
        self._ends[group[-1].id] = last + 1


class Known:
    """The commits that stand in a line, or shall."""

    def __init__(self, line: Line, more: dict[str, Record]) -> None:
        self._line = line
        self._more = more

    def __contains__(self, commit: str) -> bool:
        return commit in self._more or commit in self._line

    def add(self, record: Record) -> None:
        """Take note of one that shall."""
        self._more[record.id] = record


def _brought(by: Record, known: Known, look_up: Lookup) -> list[Record]:
    """Return what a commit of the first parents brought, parents first, then by time."""
    known.add(by)
    found: dict[str, Record] = {}
    stack = list(by.parents[1:])
    while stack:
        name = stack.pop()
        if name in known:
            continue
        record = look_up(name)
        if record is not None:
            known.add(record)
            found[name] = record
            stack += record.parents
    return list(_in_order(found)) if len(found) > 1 else list(found.values())


def _in_order(found: Mapping[str, Record]) -> Iterator[Record]:
    waits: dict[str, int] = {}
    children: dict[str, list[Record]] = {}
    for record in found.values():
        parents = {each for each in record.parents if each in found}
        waits[record.id] = len(parents)
        for each in parents:
            children.setdefault(each, []).append(record)
    ready = [(each.at, each.id) for each in found.values() if not waits[each.id]]
    heapify(ready)
    while ready:
        _, name = heappop(ready)
        yield found[name]
        for child in children.get(name, ()):
            waits[child.id] -= 1
            if not waits[child.id]:
                heappush(ready, (child.at, child.id))
