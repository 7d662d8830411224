"""A branch of a remote: written by git's own push, under a lease; its outcome is found out."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pygit2

from burgee_writer.git.address import Address
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
from burgee_writer.git.program import OWN_CLONE, Ran, run_git
from burgee_writer.git.pushes import (
    failure_text,
    is_certain_failure,
    is_turned_away,
    verdict_of,
)
from burgee_writer.git.references import locks_of, read_reference
from burgee_writer.git.ssh_signatures import CommitKey
from burgee_writer.git.upkeep import Upkeep

__all__ = ["RemoteBranch"]

_TRIES: Final = 3
_PAUSE: Final = 0.2
_FIRST: Final = 20
"""How many times as long the first fetch may take, which brings the whole history."""
_FETCH: Final = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
_SLOW: Final = (("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", "20"))


class RemoteBranch(Branch):
    """Objects are in a bare clone; its branch is what the remote's was when last asked."""

    def __init__(
        self,
        clone: Path,
        name: str,
        inside: str,
        *,
        state_dir: Path,
        address: Address,
        key: CommitKey,
        committer: Author,
        timeout: float,
    ) -> None:
        super().__init__(clone, name, inside)
        self._address = address
        self._key = key
        self._committer = committer
        self._timeout = timeout
        self._locks = LockFiles(state_dir / "locks")
        self._upkeep = Upkeep(clone, self._locks)
        self._held = locks_of(clone, self.reference)
        self.refresh()

    def tip(self) -> str:
        found = read_reference(self.repository_path, self.reference)
        if found is None:
            raise BranchMissing(f"the remote has no branch {self.name}")
        return found

    def refresh(self) -> str:
        spec = f"+{self.reference}:{self.reference}"
        known = read_reference(self.repository_path, self.reference) is not None
        for attempt in range(_TRIES):
            self._pause(attempt)
            with self._locks.owned(self._held):
                ran = self._git(
                    *("fetch", *_FETCH, self._address.url, spec),
                    timeout=self._timeout * (1 if known else _FIRST),
                )
            if ran.code == 0:
                return self.tip()
            if "couldn't find remote ref" in ran.err:
                raise BranchMissing(f"the remote has no branch {self.name}")
            if "cannot lock ref" not in ran.err:
                raise Unreachable(f"the remote cannot be read: {failure_text(ran)}")
            for each in self._held:  # by another process of ours, or by one that is no more
                self._locks.remove_if_left(each)
        raise Unreachable(f"the writer's clone of the remote is locked: {self._held[0].name}")

    def commit(self, parent: str, draft: Draft) -> str:
        made = write_commit(
            self._repository(), parent, self.inside, draft, self._committer, self._key
        )
        self._upkeep.committed()
        return made

    def publish(self, parent: str, commit: str) -> Published:
        return self._publish(self.reference, parent, commit)

    def publish_beside(self, name: str, commit: str) -> Published:
        return self._publish(f"refs/heads/{name}", None, commit)

    def read_beside(self, name: str) -> str | None:
        found = self._remote_tip(f"refs/heads/{name}")
        if found is not None and found not in self._repository():
            ran = self._git("fetch", *_FETCH, self._address.url, f"refs/heads/{name}")
            if ran.code != 0:
                raise Unreachable(f"the remote cannot be read: {failure_text(ran)}")
        return found

    def _publish(self, reference: str, parent: str | None, commit: str) -> Published:
        # The lease holds the remote to `parent`, not that it leads to the commit.
        if parent is not None and not self._leads(parent, commit):
            raise ValueError(f"{parent} does not lead to {commit}")
        sent, said = False, ""  # whether anything may still arrive that was sent
        for attempt in range(_TRIES):
            self._pause(attempt)
            ran = self._push(reference, parent, commit)
            verdict = verdict_of(ran)
            if verdict is not None and verdict.kind == "done":
                return self._done(reference, commit)
            if verdict is not None and verdict.kind == "refused":
                return _protected(verdict.reason)
            if verdict is None and not sent and is_certain_failure(ran):
                raise Unreachable(f"the remote cannot be written to: {failure_text(ran)}")
            said = failure_text(ran) if verdict is None else verdict.reason
            away = not sent and is_turned_away(ran)
            sent = sent or (verdict is None and not away)
            try:
                settled = self._settled(reference, parent, commit)
            except Unreachable as error:
                if not sent and not away:
                    raise  # the push was refused for certain
                return Unknown(f"the push failed ({said}), and then {error}")
            if settled is not None:
                return settled
            if away:
                raise Unreachable(f"the remote cannot be written to: {said}")
        if not sent:
            return Refused("busy", f"the remote refuses each push: {said}", "try again later")
        return Unknown(f"the push failed each time ({said}), and may still arrive")

    def _push(self, reference: str, parent: str | None, commit: str) -> Ran:
        lease = f"--force-with-lease={reference}:{parent or ''}"
        spec = f"{commit}:{reference}"
        return self._git("push", "--porcelain", "--no-verify", lease, self._address.url, spec)

    def _pause(self, attempt: int) -> None:
        if attempt:
            time.sleep(_PAUSE * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311

    def _settled(self, reference: str, parent: str | None, commit: str) -> Published | None:
        """Return what the remote says has happened, None where it is as it was before."""
        now = self._remote_tip(reference)
        if now == commit:
            return self._done(reference, commit)
        if now == parent:
            return None
        if now is not None and reference == self.reference:
            now = self.refresh()
            if self._leads(commit, now):
                return Done(commit)
        return Moved(now)

    def _done(self, reference: str, commit: str) -> Done:
        """Take note of a push that arrived, unless somebody has fetched a newer tip already."""
        if reference == self.reference:
            with suppress(BranchMissing):
                before = self.tip()
                if not self._leads(commit, before):
                    with self._locks.owned(self._held, f"{commit}\n"):
                        self._git("update-ref", reference, commit, before)
        return Done(commit)

    def _remote_tip(self, reference: str) -> str | None:
        ran = self._git("ls-remote", self._address.url, reference)
        if ran.code != 0:
            raise Unreachable(f"the remote cannot be read: {failure_text(ran)}")
        for line in ran.out.splitlines():
            commit, _, name = line.partition("\t")
            if name == reference:
                return commit
        return None

    def _leads(self, old: str, new: str) -> bool:
        repository = self._repository()
        try:
            return old == new or repository.descendant_of(new, old)
        except (KeyError, ValueError, pygit2.GitError):
            return False

    def _git(self, *arguments: str, timeout: float | None = None) -> Ran:
        config = (*OWN_CLONE, *_SLOW, *self._address.config)
        return run_git(
            self.repository_path, *arguments, timeout=timeout or self._timeout, config=config
        )

    def _repository(self) -> pygit2.Repository:
        return pygit2.Repository(str(self.repository_path))


def _protected(reason: str) -> Refused:
    return Refused(
        "branch_protected",
        f"the remote refuses the push: {reason}",
        "make the same call with ?propose=true, which writes to a branch of its own",
    )
