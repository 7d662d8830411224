"""References moved by compare-and-swap, by git itself: it knows packed ones, logs and locks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import pygit2

from burgee_writer.git.branch import Done, Moved, Published, Refused, Unreachable
from burgee_writer.git.lock_files import LockFiles
from burgee_writer.git.program import run_git
from burgee_writer.git.pushes import failure_text

__all__ = ["move_reference", "read_reference"]

_TIMEOUT: Final = 30.0
_TRIES: Final = 20
_PAUSE: Final = 0.1
_NONE: Final = "0" * 40


def read_reference(folder: Path, name: str) -> str | None:
    """Return the commit that a reference is at now, None where there is none."""
    # Opened anew: nothing that another process did in the same second is missed.
    repository = pygit2.Repository(str(folder))
    try:
        return str(repository.references[name].peel(pygit2.Commit).id)
    except (KeyError, pygit2.GitError, ValueError):
        return None


def move_reference(
    folder: Path, name: str, old: str | None, new: str, locks: LockFiles
) -> Published:
    """Move a reference from `old`, None for one that is not there yet, or not at all.

    Raises Unreachable where git cannot write it, on a full disk for one.
    """
    lock = folder / f"{name}.lock"
    for _ in range(_TRIES):
        with locks.owned(lock):
            ran = run_git(
                folder,
                *("update-ref", "--create-reflog", "-m", "burgee writer"),
                *(name, new, old or _NONE),
                timeout=_TIMEOUT,
            )
        if ran.code == 0:
            return Done(new)
        now = read_reference(folder, name)
        if now == new:
            return Done(new)
        if now != old:
            return Moved(now)
        if "File exists" in ran.err and not locks.remove_if_left(lock):
            time.sleep(_PAUSE)
    if "File exists" not in ran.err:
        raise Unreachable(f"{name} cannot be moved: {failure_text(ran)}")
    return Refused(
        "busy",
        f"{name} is locked",
        f"look for a git process; if none runs, remove {lock.name} beside the reference",
    )
