"""What a writer was about to do to work trees, kept until it is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pygit2
from msgspec import Struct

from burgee.whole_files import put_whole
from burgee_writer.git.lock_files import LockFiles, runs
from burgee_writer.git.references import read_reference
from burgee_writer.git.work_tree import Dirty, IndexLocked, WorkTree

__all__ = ["Intents"]


class _Intent(Struct, frozen=True):
    root: str
    git_dir: str
    reference: str
    parent: str
    commit: str
    paths: tuple[str, ...]


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
        intent = _Intent(str(tree.root), str(tree.git_dir), reference, parent, commit, paths)
        path = self._folder / f"{commit}-{os.getpid()}.json"
        put_whole(path, msgspec.json.encode(intent))
        yield  # not in a `finally`: an intent whose block has failed is looked at again
        path.unlink(missing_ok=True)

    def settle(self) -> None:
        """Finish what processes left that are no more; leave alone what somebody changed since."""
        for path in sorted(self._folder.glob("*.json")):
            pid = path.stem.rpartition("-")[2]
            if pid.isdecimal() and int(pid) != os.getpid() and runs(int(pid)):
                continue
            try:
                intent = msgspec.json.decode(path.read_bytes(), type=_Intent)
            except (OSError, msgspec.MsgspecError):
                path.unlink(missing_ok=True)
                continue
            with suppress(IndexLocked):
                self._finish(intent)
                path.unlink(missing_ok=True)

    def _finish(self, intent: _Intent) -> None:
        repository = pygit2.Repository(str(self._repository_path))
        tip = read_reference(self._repository_path, intent.reference)
        if tip is None or intent.commit not in repository:
            return
        if tip != intent.commit and not repository.descendant_of(tip, intent.commit):
            return  # the reference never moved
        tree = WorkTree(Path(intent.root), Path(intent.git_dir))
        before = repository[intent.parent].peel(pygit2.Tree)
        after = repository[tip].peel(pygit2.Tree)
        with tree.locked(self._locks):
            for each in intent.paths:
                with suppress(Dirty):
                    tree.finish(each, before, after)
