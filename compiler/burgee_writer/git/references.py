"""References moved by compare-and-swap, by git itself: it knows packed ones, logs and locks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import pygit2

from burgee_compiler.git_program import Ran, run_git
from burgee_writer.git.branch import Done, Moved, Published, Refused, Unreachable
from burgee_writer.git.lock_files import LockFiles
from burgee_writer.git.pushes import failure_text

__all__ = ["locks_of", "move_reference", "read_reference"]

_TIMEOUT: Final = 30.0
_PATIENCE: Final = 5.0
_PAUSE: Final = 0.1
_NONE: Final = "0" * 40


def read_reference(folder: Path, name: str) -> str | None:
    """Return the commit that a reference is at now, None where there is none.

    Raises Unreachable where the repository is gone.
    """
    # Opened anew: nothing that another process did in the same second is missed.
    try:
        repository = pygit2.Repository(str(folder))
    except pygit2.GitError as error:
        raise Unreachable(f"the repository cannot be opened: {error}") from error
    try:
        return str(repository.references[name].peel(pygit2.Commit).id)
    except (KeyError, pygit2.GitError, ValueError):
        return None


def locks_of(folder: Path, name: str) -> tuple[Path, ...]:
    """Return what git locks to move a reference: HEAD too, whose log goes with its branch's."""
    return folder / f"{name}.lock", folder / "HEAD.lock"


def move_reference(
    folder: Path, name: str, old: str | None, new: str, locks: LockFiles
) -> Published:
    """Move a reference from `old`, None for one that is not there yet, or not at all."""
    held = locks_of(folder, name)
    until = time.monotonic() + _PATIENCE
    while True:
        with locks.owned(held, f"{new}\n"):
            ran = run_git(
                folder,
                *("update-ref", "--create-reflog", "-m", "burgee writer"),
                *(name, new, old or _NONE),
                timeout=_TIMEOUT,
            )
        now = read_reference(folder, name)
        if ran.code == 0 or now == new:
            return Done(new)
        if now != old:
            return Moved(now)
        passing = "File exists" in ran.err or "but expected" in ran.err
        if not passing or time.monotonic() > until:
            return _refused(name, ran, held)
        removed = [locks.remove_if_left(each) for each in held]
        if not any(removed):
            time.sleep(_PAUSE)


def _refused(name: str, ran: Ran, held: tuple[Path, ...]) -> Refused:
    there = [each.name for each in held if each.exists()]
    if "File exists" in ran.err and there:
        return Refused(
            "busy",
            f"{name} is locked",
            f"look for a git process; if none runs, remove {there[0]} from the git folder",
        )
    return Refused("busy", f"git does not move {name}: {failure_text(ran)}", "see what git says")
