"""Going back: the files of a flag repository as they were, or without what one commit did."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from burgee_compiler.layout import files_read
from burgee_compiler.trees import Tree
from burgee_compiler.writes.changes import Writing, lock_of
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["Wanted", "return_to", "revert"]


class Wanted:
    """Chooses the paths of a tenant, of one of its flags, or all."""

    def __init__(self, tenant: str | None, flag: str | None) -> None:
        self._prefix = "" if tenant is None else f"{tenant}/"
        self._exact: tuple[str, ...] | None = None
        if tenant is not None and flag is not None:
            path = f"{tenant}/flags/{flag.replace('.', '/')}.yaml"
            self._exact = (path, lock_of(path))

    def among(self, paths: Iterable[str]) -> list[str]:
        """Return the paths that are wanted, sorted; a flag that is in none of them is refused."""
        inside = (path for path in paths if path.startswith(self._prefix))
        found = sorted(path for path in inside if self._exact is None or path in self._exact)
        if not found and self._exact is not None:
            raise WriteRefusedError(
                f"there is no {self._exact[0]}, neither now nor there", "look at the flag's key"
            )
        return found


def revert(writing: Writing, now: Tree, commit: Tree, parent: Tree | None, wanted: Wanted) -> None:
    """Take back what a commit did to the wanted files; a conflict refuses the whole."""
    conflicts: list[str] = []
    paths = _paths(commit, *([] if parent is None else [parent]))
    for path in wanted.among(paths):
        before = None if parent is None else _bytes(parent, path)
        after, here = _bytes(commit, path), _bytes(now, path)
        if _same(before, after) or _same(here, before):
            continue
        if _same(here, after):
            writing.put(path, before)
            continue
        merged = None if None in (before, after, here) else _merged(here, after, before)
        if merged is None:
            conflicts.append(path)
        else:
            writing.put(path, merged)
    if conflicts:
        raise WriteRefusedError(
            f"later changes touch the same lines: {', '.join(conflicts)}",
            "nothing was changed; undo the later change first, or edit the files by hand",
        )


def return_to(writing: Writing, now: Tree, then: Tree, head: Tree, wanted: Wanted) -> None:
    """Make the wanted files what they were at a revision; what is not in `head` is not lost."""
    lost: list[str] = []
    for path in wanted.among(_paths(now, then)):
        here, there = _bytes(now, path), _bytes(then, path)
        if _same(here, there):
            continue
        if not _same(here, _bytes(head, path)):
            lost.append(path)
        writing.put(path, there)
    if lost:
        raise WriteRefusedError(
            f"changes that are not committed would be lost: {', '.join(lost)}",
            "nothing was changed; commit or `git stash` them first",
        )


def _paths(*trees: Tree) -> set[str]:
    return {path for tree in trees for path in files_read(tree.entries())}


def _bytes(tree: Tree, path: str) -> bytes | None:
    try:
        return tree.read(path)
    except OSError:
        return None


def _same(one: bytes | None, other: bytes | None) -> bool:
    """Return whether two files are one for git: a checkout may have changed the ends of lines."""
    if one is None or other is None:
        return one is other
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _merged(here: bytes | None, after: bytes | None, before: bytes | None) -> bytes | None:
    """Return what is here now without what led from `before` to `after`; None on a conflict."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("here", "after", "before")]
        for file, data in zip(files, (here, after, before), strict=True):
            file.write_bytes(data or b"")
        done = subprocess.run(
            ["git", "merge-file", "-p", "-q", *map(str, files)],
            capture_output=True,
            check=False,
            timeout=60,
        )
    return done.stdout if done.returncode == 0 else None
