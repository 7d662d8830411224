"""A branch of a remote: written by git's own push, under a lease; its outcome is found out."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pygit2
import structlog

from burgee_writer.git.asking import Remote
from burgee_writer.git.branch import (
    Author,
    Branch,
    BranchMissing,
    Done,
    Draft,
    Moved,
    Published,
    Refused,
    Unknown,
    Unreachable,
)
from burgee_writer.git.lock_files import LockFiles
from burgee_writer.git.objects import write_commit
from burgee_writer.git.references import move_reference, read_reference
from burgee_writer.git.ssh_signatures import CommitKey
from burgee_writer.git.upkeep import Upkeep

__all__ = ["RemoteBranch"]

_TRIES: Final = 3
_FIRST: Final = 20
"""How many times as long the first fetch may take, which brings the whole history."""
_PAUSE: Final = 0.2
_SETTLING: Final = 5.0
"""Seconds for which a remote is asked what became of a push, though its time is over."""
_log = structlog.get_logger("burgee.writer")


class RemoteBranch(Branch):
    """Objects are in a bare clone; its branch is what the remote's was when last asked."""

    def __init__(
        self,
        clone: Path,
        name: str,
        inside: str,
        *,
        remote: Remote,
        key: CommitKey,
        committer: Author,
        timeout: float,
    ) -> None:
        super().__init__(clone, name, inside)
        self._remote = remote
        self._key = key
        self._committer = committer
        self._timeout = timeout
        self._locks = LockFiles(clone.parent / "locks")
        self._upkeep = Upkeep(clone, self._locks)
        self._begin()

    def _begin(self) -> None:
        known = self._noted()
        if known is None:
            self._refresh(self._timeout * _FIRST)
            return
        try:
            self._refresh(None)
        except Unreachable as error:  # as if it had gone away a moment later
            _log.warning("begun with what is known of the remote", commit=known, reason=str(error))

    def tip(self) -> str:
        found = self._noted()
        if found is None:
            raise BranchMissing(f"the remote has no branch {self.name}")
        return found

    def refresh(self) -> str:
        return self._refresh(None)

    def commit(self, parent: str, draft: Draft) -> str:
        made = write_commit(
            self._repository(), parent, self.inside, draft, self._committer, self._key
        )
        self._upkeep.committed()
        return made

    def publish(self, parent: str, commit: str) -> Published:
        if not self._leads(parent, commit):  # the lease does not look
            raise ValueError(f"{parent} does not lead to {commit}")
        return self._publish(self.reference, parent, commit)

    def publish_beside(self, name: str, commit: str) -> Published:
        return self._publish(f"refs/heads/{name}", None, commit)

    def read_beside(self, name: str) -> str | None:
        return self._remote.fetched(f"refs/heads/{name}")

    def _publish(self, reference: str, parent: str | None, commit: str) -> Published:
        until = time.monotonic() + self._timeout
        doubt, said = False, ""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
            left = until - time.monotonic()
            if attempt and left <= 0:
                break
            verdict = self._remote.pushed(reference, parent, commit, left)
            said = verdict.reason
            if verdict.kind == "done":
                return self._done(reference, parent, commit)
            # Once a push may be under way, nothing that a later one is told takes that back.
            doubt = doubt or verdict.kind == "unknown"
            if verdict.kind == "refused" and not doubt:
                return self._refused(reference, said)
            if verdict.kind == "unsent" and not doubt:
                raise Unreachable(f"the remote cannot be written to: {said}")
            left = max(until - time.monotonic(), min(self._timeout, _SETTLING))
            try:
                settled = self._settled(reference, parent, commit, left)
            except Unreachable as error:
                if not doubt:
                    raise
                return Unknown(f"the push failed ({said}), and then {error}")
            if settled is not None:
                return settled
        if doubt:
            return Unknown(f"the push failed ({said}), and may still arrive")
        return Refused("busy", f"the remote refuses the push each time: {said}", "try again later")

    def _settled(
        self, reference: str, parent: str | None, commit: str, seconds: float
    ) -> Published | None:
        """Return what the remote says has happened, None where it is as it was before."""
        if reference == self.reference:
            now: str | None = self._refresh(seconds)
        else:
            now = self._remote.fetched(reference, seconds)
        if now == parent:
            return None
        if now is not None and self._leads(commit, now):
            return Done(commit)
        return Moved(now)  # and so what is under way finds another commit than its lease allows

    def _done(self, reference: str, parent: str | None, commit: str) -> Done:
        if reference == self.reference:
            with suppress(Unreachable):
                self._note(parent, commit)
        return Done(commit)

    def _refused(self, reference: str, reason: str) -> Refused:
        cure = "make the same call again with ?propose=true, which writes to a branch of its own"
        if reference != self.reference:
            cure = f"have the remote let the writer make {reference.removeprefix('refs/heads/')}"
        return Refused("branch_protected", f"the remote refuses the push: {reason}", cure)

    def _refresh(self, seconds: float | None) -> str:
        for _ in range(_TRIES):
            before = self._noted()
            found = self._remote.fetched(self.reference, seconds)
            if found is None:
                raise BranchMissing(f"the remote has no branch {self.name}")
            if found != before:
                self._upkeep.committed()
            if self._note(before, found):
                break
        return self.tip()

    def _note(self, before: str | None, now: str) -> bool:
        """Take note that the remote went on from what was known before it was asked.

        Whoever asks later may be answered sooner: what they noted stays where it is newer. False
        where it does not fit, since history was rewritten: the remote has to be asked again.
        """
        for _ in range(_TRIES):
            if before == now:
                return True
            moved = move_reference(self.repository_path, self.reference, before, now, self._locks)
            if isinstance(moved, Done):
                return True
            if not isinstance(moved, Moved):
                raise Unreachable("the writer's clone is locked by another process")
            before = moved.tip
            if before is not None and self._leads(now, before):
                return True
            if before is not None and not self._leads(before, now):
                return False
        return False

    def _noted(self) -> str | None:
        return read_reference(self.repository_path, self.reference)

    def _leads(self, old: str, new: str) -> bool:
        try:
            return old == new or self._repository().descendant_of(new, old)
        except (KeyError, ValueError, pygit2.GitError):
            return False

    def _repository(self) -> pygit2.Repository:
        return pygit2.Repository(str(self.repository_path))
