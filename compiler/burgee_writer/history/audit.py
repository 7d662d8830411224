"""Entries of the audit, ready to be shown as JSON.

What a commit says of itself is a fact only where one of the writer's keys signed it; in others it
stands under `claimed`. The words of a commit that is also of other tenants are not shown.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from burgee.instants import format_instant
from burgee_compiler.past.parts import Changed
from burgee_compiler.past.steps import decoded_text
from burgee_compiler.source import Json
from burgee_writer.git.message import Message, one_line, read_message
from burgee_writer.history.commits import known_commit
from burgee_writer.history.comparisons import Comparisons
from burgee_writer.history.moment import Moment
from burgee_writer.history.people import Person, Reviewer, reviewers_in
from burgee_writer.history.records import Entity, Record, Touched
from burgee_writer.history.trees import TreeReader
from burgee_writer.history.words import body_of, claims_in

__all__ = ["AuditEntry", "AuditPage", "AuditQuery", "Claimed", "Entries"]


class AuditQuery(Struct, frozen=True, kw_only=True):
    """What is asked for; times in microseconds, `since` included and `until` not."""

    tenant: str
    entity: Entity | None = None
    entity_key: str | None = None
    actor: str | None = None
    since: int | None = None
    until: int | None = None
    environment: str | None = None
    limit: int = 50
    cursor: str | None = None


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One resource that one commit changed.

    `time` is the committer's; `live_at` and `live_commit` are of the first-parent commit that
    brought it. `reason`, `request_id`, `subject`, `body` and `claimed` are None where the commit is
    also of other tenants.
    """

    commit: str
    parent: str | None
    time: str
    live_at: str
    live_commit: str
    author: Person
    reviewers: tuple[Reviewer, ...]
    source: Literal["api", "git"]
    tenant: str | None
    entity: Entity
    entity_key: str | None
    renamed_from: str | None
    files: tuple[str, ...]
    action: str | None = None
    environments: tuple[str, ...] = ()
    undoes: str | None = None
    reason: str | None = None
    request_id: str | None = None
    claimed: Claimed | None = None
    subject: str | None = None
    body: str | None = None
    before: Json = None
    after: Json = None
    changes: tuple[Changed, ...] = ()


class Claimed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a commit says of itself as the writer's commits do, though no writer signed it."""

    action: str | UnsetType = UNSET
    tenant: str | UnsetType = UNSET
    entities: tuple[str, ...] | UnsetType = UNSET
    environments: tuple[str, ...] | UnsetType = UNSET
    request_id: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    undoes: str | UnsetType = UNSET


class AuditPage(Struct, frozen=True):
    """Entries, newest first, and where the next page begins; None where there is none."""

    entries: tuple[AuditEntry, ...]
    cursor: str | None


class Entries:
    """Makes the entries of one page; for one thread."""

    def __init__(self, trees: TreeReader, comparisons: Comparisons, tenant: str) -> None:
        self._trees = trees
        self._comparisons = comparisons
        self._tenant = tenant
        self._last: tuple[str, Moment] | None = None
        self._texts: dict[str, str] = {}

    def entry(self, record: Record, touched: Touched, live: Record) -> AuditEntry:
        """Return the entry of a resource that a commit changed, live by another or itself."""
        compared = self._comparisons.compare(self._moment(record), record, touched)
        text, brought = self._text(record.id), self._text(live.id)
        message = record.message
        shown = record.tenants == (self._tenant,)
        return AuditEntry(
            commit=record.id,
            parent=record.parents[0] if record.parents else None,
            time=format_instant(record.at),
            live_at=format_instant(live.at),
            live_commit=live.id,
            author=Person(one_line(record.author), one_line(record.email)),
            reviewers=reviewers_in(text if shown else "", text + "\n" + brought),
            source="git" if message is None else "api",
            tenant=touched.tenant or None,
            entity=touched.entity,
            entity_key=touched.key,
            renamed_from=touched.renamed_from,
            files=tuple(each.path for each in touched.changes),
            action=None if message is None else message.action,
            environments=() if message is None else message.environments,
            undoes=None if message is None else message.undoes,
            reason=message.reason if message is not None and shown else None,
            request_id=message.request_id if message is not None and shown else None,
            claimed=_claimed(text) if message is None and shown else None,
            subject=read_message(text).subject if shown else None,
            body=body_of(text, signed=message is not None) if shown else None,
            before=compared.before,
            after=compared.after,
            changes=compared.changes,
        )

    def _moment(self, record: Record) -> Moment:
        """Return the files of a commit; entries of one commit follow each other."""
        if self._last is None or self._last[0] != record.id:
            commit = known_commit(self._trees.repository, record.id)
            self._last = record.id, Moment(self._trees, commit, record.touched)
        return self._last[1]

    def _text(self, name: str) -> str:
        if name not in self._texts:
            commit = known_commit(self._trees.repository, name)
            self._texts[name] = decoded_text(commit, commit.raw_message)
        return self._texts[name]


def _claimed(text: str) -> Claimed | None:
    found: Message = read_message(text)
    made = Claimed(**claims_in(found))
    return None if made == Claimed() else made
