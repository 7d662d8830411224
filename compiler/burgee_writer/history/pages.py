"""Pages of the audit: which entries a query asks for, from where on, and how many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from burgee_writer.history.audit import AuditEntry, AuditPage, AuditQuery, Entries
from burgee_writer.history.cursor import (
    BadCursor,
    Position,
    digest_of,
    read_cursor,
    write_cursor,
)
from burgee_writer.history.line import Line
from burgee_writer.history.records import SHARED, Record, Touched

__all__ = ["page_from", "start_of"]

_LOOKED_AT: Final = 400
"""How many entries are made for one page at most, where some turn out not to be asked for."""
Found: TypeAlias = "tuple[int, int, Record, Touched]"
"""A record's place in its line, and which of the resources that it touched."""


def start_of(query: AuditQuery, tip: str) -> Position | BadCursor:
    """Return where a page begins: as its cursor says, else at the tip."""
    filters = digest_of(
        query.tenant,
        query.entity,
        query.entity_key,
        query.actor,
        query.since,
        query.until,
        query.environment,
    )
    if query.cursor is None:
        return Position(tip, 0, 0, filters)
    return read_cursor(query.cursor, filters)


def page_from(
    start: Position, query: AuditQuery, line: Line, make: Entries
) -> AuditPage | BadCursor:
    """Return the page that begins at a place of a line."""
    count = line.led_to(start.tip) or 0
    if start.back >= count:
        return BadCursor("it leads to where there is nothing")
    entries: list[AuditEntry] = []
    found = _asked_for(start, query, line, count)
    for made, (place, index, record, touched) in enumerate(found):
        if len(entries) >= query.limit or made >= _LOOKED_AT:
            back = count - 1 - place
            return AuditPage(
                tuple(entries), write_cursor(Position(start.tip, back, index, start.filters))
            )
        entry = make.entry(record, touched, line.live(place))
        if _is_of(entry, query.environment):
            entries.append(entry)
    return AuditPage(tuple(entries), None)


def _asked_for(start: Position, query: AuditQuery, line: Line, count: int) -> Iterator[Found]:
    actor = None if query.actor is None else query.actor.casefold()
    skip = start.entry
    for place in range(count - 1 - start.back, -1, -1):
        record = line.records[place]
        if record.touched and _is_by(record, actor) and _is_within(record, query):
            for index, touched in enumerate(record.touched):
                if index >= skip and _is_asked_for(touched, query):
                    yield place, index, record, touched
        skip = 0


def _is_by(record: Record, actor: str | None) -> bool:
    return actor is None or actor in (record.author.casefold(), record.email.casefold())


def _is_within(record: Record, query: AuditQuery) -> bool:
    return (query.since is None or query.since <= record.at) and (
        query.until is None or record.at < query.until
    )


def _is_asked_for(touched: Touched, query: AuditQuery) -> bool:
    if touched.tenant not in (query.tenant, SHARED):
        return False
    if query.entity is not None and touched.entity != query.entity:
        return False
    key = query.entity_key
    return key is None or key in (touched.key, touched.renamed_from)


def _is_of(entry: AuditEntry, environment: str | None) -> bool:
    """Return whether a change is one of an environment; in words, `()` are all of them."""
    return environment is None or any(
        not each.environments or environment in each.environments for each in entry.changes
    )
