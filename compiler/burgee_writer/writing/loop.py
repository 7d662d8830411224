"""The write: a change made, judged, committed and published on one parent, or made anew.

Whatever a request asks for is asked again on each try: nothing that was judged on one tip is
committed on another.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final, Protocol

import pygit2
from msgspec.structs import replace

from burgee.instants import MICROSECONDS
from burgee_compiler.past.steps import History
from burgee_compiler.writes import WriteRefusedError
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.working import Working
from burgee_writer.git.branch import Author, Branch, Done, Draft, Moved, Refused
from burgee_writer.git.message import Message, read_message
from burgee_writer.tips.tip import Tip, tree_of
from burgee_writer.writing.committing import did_of, message_of, proposal_name
from burgee_writer.writing.current import Current
from burgee_writer.writing.etags import check_expected
from burgee_writer.writing.figures import WriteFigures
from burgee_writer.writing.held import require_not_held, require_readable, require_settings
from burgee_writer.writing.judging import Judged, judge
from burgee_writer.writing.obstructed import require_room
from burgee_writer.writing.refusals import WriteRefused
from burgee_writer.writing.refusing import invalid, not_editable, outcome_unknown
from burgee_writer.writing.request import Key, WriteRequest, Written
from burgee_writer.writing.reviewed import Reviewed
from burgee_writer.writing.verdicts import KillsOf, require_allowed, with_verdict

__all__ = ["Remembered", "Writer", "WriterHistory"]

_SWITCH: Final = "flag.state"
"""What is said of a flag with one answer is no news to whoever has just switched it off."""
_PATIENCE: Final = 20.0
"""Seconds for which a write that others are faster than is made again."""
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5
_GIVES_WAY: Final = 3.0
"""Seconds after which it no longer waits longer each time, or those that come later would win."""


class Remembered(Protocol):
    """A commit that an idempotency key made."""

    @property
    def commit(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def payload(self) -> str: ...
    @property
    def message(self) -> Message: ...


class WriterHistory(Protocol):
    """What commits say, as far as a write asks for it."""

    def advance(self, tip: str) -> None: ...
    def remembered(self, key: str, *, now: int) -> Remembered | None: ...


class Writer:
    """Makes writes, one at a time; between processes git decides."""

    def __init__(
        self,
        branch: Branch,
        current: Current,
        history: WriterHistory,
        reviewed: Reviewed,
        kills: KillsOf,
        *,
        author: Callable[[str], Author],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.branch = branch
        self.current = current
        self.figures = WriteFigures()
        self.listeners: list[Callable[[Written], None]] = []
        self._history = history
        self._reviewed = reviewed
        self._kills = kills
        self._author = author
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()

    def has(self, commit: str) -> bool:
        """Return whether the branch holds a commit."""
        tip = self.current.newest().commit
        repository = pygit2.Repository(str(self.branch.repository_path))
        try:
            return commit == tip or repository.descendant_of(str(tip), commit)
        except (KeyError, ValueError, pygit2.GitError):
            return False

    def commit_of(self, text: str) -> str | None:
        """Return the commit of the branch that a hash, or the beginning of one, names."""
        repository = pygit2.Repository(str(self.branch.repository_path))
        try:
            found = str(repository[text].peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError):
            return None
        return found if self.has(found) else None

    def past(self, commit: str) -> History:
        """Return the history that leads to a commit."""
        repository = pygit2.Repository(str(self.branch.repository_path))
        return History(repository, repository[commit].peel(pygit2.Commit), self.branch.inside)

    def write(self, request: WriteRequest) -> Written:
        """Make a write; raises WriteRefused or ChangeRefused, and then nothing has changed."""
        with self.figures.waiting(), self._lock:
            written = self._write(request)
        if written.commit is not None and written.branch is None and not written.replayed:
            for each in self.listeners:
                each(written)
        return written

    def _write(self, request: WriteRequest) -> Written:
        first: str | None = None
        pause = _FIRST_PAUSE
        until = monotonic() + _PATIENCE
        hurry = until - _PATIENCE + _GIVES_WAY
        while monotonic() < until:
            tip = self.current.newest()
            known = self._replayed(request, tip)
            if known is not None:
                return known
            written, judged = self._judged(request, tip)
            first = first or written.previous
            if judged is None or request.dry_run:
                return replace(written, passed_over=self._between(first, written.previous))
            if request.propose:
                return self._proposed(request, written, judged)
            done = self._published(request, written, judged)
            if done is not None:
                return replace(done, passed_over=self._between(first, written.previous))
            self.figures.conflicts += 1
            self._sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  no secret
            pause = min(2 * pause, _LONGEST_PAUSE) if monotonic() < hurry else _FIRST_PAUSE
        self.figures.refused += 1
        raise WriteRefused(
            "busy",
            "The branch moved each time that this was tried; nothing was changed.",
            help="make the same call again",
        )

    def _judged(self, request: WriteRequest, tip: Tip) -> tuple[Written, Judged | None]:
        """Return what the write would come to on a tip; without a judgement it changes nothing."""
        assert tip.commit is not None
        require_settings(self.branch, tip)
        now = round(self._clock() * MICROSECONDS)
        existed = check_expected(tip, request.entity, request.expected)
        working = Working(request.tenant, tip, now)
        try:
            did = request.change(working)
        except (ChangeRefused, WriteRefusedError) as error:
            if isinstance(error, WriteRefusedError) or error.code == "unreadable":
                require_readable(self.branch, tip, request.tenant, request.entity)
            if isinstance(error, ChangeRefused):
                raise
            raise not_editable(error) from error
        with self.figures.checking():
            judged = judge(tip, working.writing.changes, did, now)
        if judged is None:
            return Written(did=did, previous=tip.commit, tip=tip, existed=existed), None
        if judged.errors:
            raise invalid(judged, request.tenant)
        require_room(self.branch, tip.commit, judged.changes)
        require_not_held(self.branch, tip, judged, request.tenant, did)
        by = self._author(request.subject).name
        made = with_verdict(judged, tip, by, self._reviewed, self._kills, now)
        require_allowed(made, request)
        return (
            Written(
                did=did,
                previous=tip.commit,
                tip=judged.head,
                existed=existed,
                changed=True,
                plan=made,
                findings=() if did.action == _SWITCH else (*judged.added, *judged.failing),
            ),
            judged,
        )

    def _published(self, request: WriteRequest, written: Written, judged: Judged) -> Written | None:
        """Commit and publish; None where somebody else was faster."""
        with self.figures.publishing():
            commit = self._committed(request, written, judged)
            published = self.branch.publish(written.previous, commit)
        if isinstance(published, Done):
            return self._taken(written, judged, commit)
        if isinstance(published, Moved):
            return None
        self.figures.failures += 1
        if isinstance(published, Refused):
            raise WriteRefused(published.code, published.message, help=published.help)
        raise outcome_unknown(published, commit)

    def _proposed(self, request: WriteRequest, written: Written, judged: Judged) -> Written:
        """Commit to a branch of its own, which the key names, so that a retry finds it."""
        name = proposal_name(request)
        with self.figures.publishing():
            commit = self._committed(request, written, judged)
            published = self.branch.publish_beside(name, commit)
        if isinstance(published, Done):
            return replace(written, commit=commit, branch=name, changed=False)
        if isinstance(published, Moved):
            raise WriteRefused(
                "already_proposed",
                f"The branch {name} is there already, with another change.",
                {"branch": name, "commit": published.tip},
                help="merge or delete that branch, or make the call under another Idempotency-Key",
            )
        self.figures.failures += 1
        if isinstance(published, Refused):
            raise WriteRefused(published.code, published.message, help=published.help)
        raise outcome_unknown(published, commit)

    def _committed(self, request: WriteRequest, written: Written, judged: Judged) -> str:
        assert written.did is not None
        draft = Draft(
            changes=judged.changes,
            message=message_of(request, written.did).text(),
            author=self._author(request.subject),
            at=int(self._clock()),  # not of the next second: what is asked then is later
        )
        return self.branch.commit(written.previous, draft)

    def _taken(self, written: Written, judged: Judged, commit: str) -> Written:
        branch = self.branch
        tip = judged.head.settled(commit, tree_of(branch.repository_path, commit, branch.inside))
        self.current.take(tip)
        self.figures.writes += 1
        return replace(written, commit=commit, tip=tip)

    def _replayed(self, request: WriteRequest, tip: Tip) -> Written | None:
        """Return what the same call came to when it was made before."""
        key = request.key
        if key is None or request.dry_run or tip.commit is None:
            return None
        if request.propose:
            return self._proposed_before(request, key, tip)
        self._history.advance(tip.commit)
        found = self._history.remembered(key.key, now=round(self._clock() * MICROSECONDS))
        if found is None:
            return None
        _require_same(found.payload, key, found.commit)
        return Written(
            did=did_of(found.message),
            previous=found.parent or found.commit,
            commit=found.commit,
            tip=tip,
            changed=True,
            replayed=True,
            existed=not found.message.action.endswith(".create"),
        )

    def _proposed_before(self, request: WriteRequest, key: Key, tip: Tip) -> Written | None:
        name = proposal_name(request)
        commit = self.branch.read_beside(name)
        if commit is None:
            return None
        repository = pygit2.Repository(str(self.branch.repository_path))
        found = repository[commit].peel(pygit2.Commit)
        message = read_message(found.message)
        if self._reviewed.signed(found) and message.key == key.key:
            _require_same(message.payload or "", key, commit)
            return Written(
                did=did_of(message),
                previous=str(found.parent_ids[0]),
                commit=commit,
                tip=tip,
                branch=name,
                replayed=True,
            )
        return None

    def _between(self, first: str, last: str) -> tuple[str, ...]:
        """Return the commits after one, up to another, oldest first."""
        if first == last:
            return ()
        repository = pygit2.Repository(str(self.branch.repository_path))
        walker = repository.walk(last, pygit2.enums.SortMode.TOPOLOGICAL)
        walker.hide(first)
        return tuple(str(each.id) for each in walker)[::-1]


def _require_same(payload: str, key: Key, commit: str) -> None:
    if payload != key.payload:
        raise WriteRefused(
            "key_reused",
            "This Idempotency-Key was used for another call.",
            {"commit": commit},
            help="use a new key for a new call",
        )
