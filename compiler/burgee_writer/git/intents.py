"""What a writer was about to do to work trees, kept until it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import msgspec
import pygit2
from msgspec import Struct

from burgee.whole_files import put_whole
from burgee_writer.git.checkouts import is_checked_out
from burgee_writer.git.lock_files import LockFiles, StillLocked
from burgee_writer.git.references import read_reference
from burgee_writer.git.work_tree import Dirty, WorkTree

__all__ = ["Intents"]


class _Intent(Struct, frozen=True):
    by: str
    root: str
    git_dir: str
    reference: str
    parent: str
    commit: str
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """What files that were prepared are named by."""
        return self.commit[:16]


class Intents:
    """Intents of the writers that share a state folder."""

    def __init__(self, folder: Path, repository_path: Path, locks: LockFiles) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._repository_path = repository_path
        self._locks = locks

    @contextmanager
    def of(
        self, tree: WorkTree, reference: str, parent: str, commit: str, paths: tuple[str, ...]
    ) -> Iterator[None]:
        """Keep an intent for as long as the block lasts, and longer if it is cut short."""
        by = self._locks.presence.name
        intent = _Intent(by, str(tree.root), str(tree.git_dir), reference, parent, commit, paths)
        where = sha256(intent.git_dir.encode()).hexdigest()[:8]
        path = self._folder / f"{commit}-{where}-{by}.json"
        put_whole(path, msgspec.json.encode(intent))
        yield  # not in a `finally`: an intent whose block has failed is looked at again
        path.unlink(missing_ok=True)

    def settle(self) -> None:
        """Finish what was cut short; leave alone what somebody changed since."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                intent = msgspec.json.decode(path.read_bytes(), type=_Intent)
            except (OSError, msgspec.MsgspecError):
                path.unlink(missing_ok=True)
                continue
            presence = self._locks.presence
            if intent.by != presence.name and presence.lives(intent.by):
                continue
            with suppress(StillLocked, OSError):  # then the next write tries again
                self._finish(intent)
                path.unlink(missing_ok=True)

    def _finish(self, intent: _Intent) -> None:
        tree = WorkTree(Path(intent.root), Path(intent.git_dir))
        if not is_checked_out(tree, intent.reference):
            tree.discard(intent.paths, intent.name)
            return
        repository = pygit2.Repository(str(self._repository_path))
        with tree.locked(self._locks):
            tree.discard(intent.paths, intent.name)
            tip = read_reference(self._repository_path, intent.reference)
            if tip is None or any(each not in repository for each in (intent.commit, tip)):
                return
            known = [
                repository[each].peel(pygit2.Tree) for each in (intent.parent, intent.commit, tip)
            ]
            for each in intent.paths:
                with suppress(Dirty):
                    tree.finish(each, known, intent.name)
