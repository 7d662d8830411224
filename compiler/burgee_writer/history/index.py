"""The one door to what commits say: the audit, idempotency keys and kills."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

import pygit2
from msgspec import Struct

from burgee_writer.git.message import Message
from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.history.audit import AuditPage, AuditQuery, Entries
from burgee_writer.history.commits import CommitReader, known_commit
from burgee_writer.history.comparisons import Comparisons
from burgee_writer.history.cursor import BadCursor
from burgee_writer.history.kills import Kill, switched_off
from burgee_writer.history.line import Line
from burgee_writer.history.moment import Moment
from burgee_writer.history.pages import page_from, start_of
from burgee_writer.history.records import Record
from burgee_writer.history.store import IndexFile
from burgee_writer.history.trees import TreeReader

__all__ = ["HistoryIndex", "Remembered"]

_DAY: Final = 86_400_000_000
_UNSAVED: Final = 256
"""So many new commits are read again at the next start, at most."""


class Remembered(Struct, frozen=True):
    """The commit that a call with an idempotency key made, and when in microseconds."""

    commit: str
    parent: str | None
    payload: str
    at: int
    message: Message


class HistoryIndex:
    """What led to a tip. Any thread may ask; what is asked is answered as of one tip."""

    def __init__(
        self, repository_path: Path, inside: str, keys: CommitKeys, state_dir: Path | None
    ) -> None:
        self._path = repository_path
        self._inside = inside
        self._keys = keys
        self._file = (
            None if state_dir is None else IndexFile(state_dir, repository_path, inside, keys)
        )
        self._comparisons = Comparisons()
        self._lock = Lock()
        self._line = Line()
        self._side = Line()
        self._saved = 0
        """How many records of the line the file holds."""

    def advance(self, tip: str) -> None:
        """Take in what is new up to a commit; UnknownRevision where there is none of that name.

        Where the tip is no descendant of the last one, what is common stays.
        """
        with self._lock:
            line, is_first = self._line, not self._line.records
            known = self._kept() if is_first else {}
            reader = CommitReader(self._open(), self._inside, self._keys)
            edges = [*line.edges, *(each.id for each in known.values() if each.is_edge)]
            if any(reader.has_parents(each) for each in edges):
                known, line = {}, Line()  # a shallow clone is deeper now

            def look_up(name: str) -> Record | None:
                return line.record(name) or known.get(name) or reader.record(name)

            grown = line.extended(tip, look_up)
            if grown is not self._line and not is_first:
                self._saved = 0
            self._line = grown
            unsaved = len(grown.records) - self._saved
            if unsaved >= _UNSAVED or (is_first and unsaved):
                self._save()

    def save(self) -> None:
        """Write the index to the state folder, as it is done now and then by itself."""
        with self._lock:
            self._save()

    def remembered(self, key: str, *, now: int, days: int = 7) -> Remembered | None:
        """Return the commit that settles an idempotency key, unless it is too old."""
        record = self._line.by_key(key)
        if record is None or record.message is None or record.at < now - days * _DAY:
            return None
        message = record.message
        parent = record.parents[0] if record.parents else None
        return Remembered(record.id, parent, message.payload or "", record.at, message)

    def last_kill(self, tenant: str, flag: str) -> Kill | None:
        """Return the last commit, signed by a writer, that switched a flag off somewhere."""
        trees = self._trees()
        for record in reversed(self._line.records):
            if record.message is None:
                continue
            for touched in record.touched:
                if (touched.tenant, touched.entity, touched.key) != (tenant, "flag", flag):
                    continue
                commit = known_commit(trees.repository, record.id)
                if switched_off(Moment(trees, commit, record.touched), touched, record.at):
                    parent = record.parents[0] if record.parents else None
                    return Kill(record.id, record.author, record.at, parent)
        return None

    def page(self, query: AuditQuery) -> AuditPage | BadCursor:
        """Return a page of the audit; BadCursor where its cursor leads nowhere."""
        line = self._line
        if not line.tip:
            return AuditPage((), None)
        start = start_of(query, line.tip)
        if isinstance(start, BadCursor):
            return start
        if start.tip not in line:
            return BadCursor("the history was rewritten since it was given")
        make = Entries(self._trees(), self._comparisons, query.tenant)
        return page_from(start, query, self._at(line, start.tip), make)

    def _at(self, line: Line, tip: str) -> Line:
        """Return a line along which a commit of this one was a tip."""
        if line.led_to(tip) is not None:
            return line
        side = self._side
        if side.tip != tip:
            side = self._side = Line().extended(tip, line.record)
        return side

    def _kept(self) -> dict[str, Record]:
        kept = None if self._file is None else self._file.read()
        if kept is None:
            return {}
        self._saved = len(kept.records)
        return {each.id: each for each in kept.records}

    def _save(self) -> None:
        line = self._line
        if self._file is not None and line.tip:
            self._file.write(line.tip, line.records)
            self._saved = len(line.records)

    def _trees(self) -> TreeReader:
        return TreeReader(self._open(), self._inside)

    def _open(self) -> pygit2.Repository:
        return pygit2.Repository(str(self._path))  # one for each use: they are for one thread
