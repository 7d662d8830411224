"""Writers that are killed at a chosen point of a write, as processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from burgee_writer.git import local
from burgee_writer.git.lock_files import LockFiles
from burgee_writer.git.work_tree import WorkTree
from support.writer_git import branch_of, written

__all__ = [
    "POINTS",
    "in_a_process",
    "killed_while_writing",
    "killed_with_a_taken_lock",
    "killed_with_locks",
]

POINTS = (
    "before the intent", "after the intent", "half prepared", "prepared", "index swapped",
    "moved", "a file swapped", "files swapped",
)  # fmt: skip


def in_a_process(target: Callable[..., None], *arguments: Any) -> None:
    """Run a function of a module in a process of its own, which has to kill itself."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, process.exitcode


def killed_while_writing(
    source: Path, state: Path, changes: dict[str, bytes | None], point: str
) -> None:
    """Write, and die at a point."""
    in_a_process(_write_and_die, str(source), str(state), changes, point)


def killed_with_locks(state: Path, locks: list[Path], text: str | None, holds: str | None) -> None:
    """Tell of locks as before git runs, make those as git would, unless None, and die."""
    in_a_process(_lock_and_die, str(state), list(map(str, locks)), text, holds)


def killed_with_a_taken_lock(state: Path, lock: Path) -> None:
    """Take a lock as the writer takes the index's, and die."""
    in_a_process(_take_and_die, str(state), str(lock))


def _take_and_die(state: str, lock: str) -> None:
    with LockFiles(Path(state) / "locks").taken(Path(lock), 5):
        _die()


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still here")


def _lock_and_die(state: str, names: list[str], text: str | None, holds: str | None) -> None:
    locks = [Path(name) for name in names]
    with LockFiles(Path(state) / "locks").owned(locks, text):
        for each in locks:
            if holds is not None:
                each.write_text(holds, encoding="ascii")
        _die()


def _write_and_die(source: str, state: str, changes: dict[str, bytes | None], point: str) -> None:
    branch = branch_of(source, Path(state))
    _arm(point)
    written(branch, changes)


def _arm(point: str) -> None:
    tree: Any = WorkTree
    module: Any = local
    if point == "before the intent":
        tree.require_clean = _then_dies(tree.require_clean)
    elif point == "after the intent":
        tree.prepare = _dies
    elif point == "half prepared":
        tree._write_index = _dies
    elif point == "prepared":
        tree.swap_index = _dies
    elif point == "index swapped":
        tree.swap_index = _then_dies(tree.swap_index)
    elif point == "moved":
        module.move_reference = _then_dies(module.move_reference)
    elif point == "a file swapped":
        path: Any = Path
        path.replace = _once(Path.replace)
    else:
        tree.swap_files = _then_dies(tree.swap_files)


def _dies(*_: object, **__: object) -> NoReturn:
    _die()


def _then_dies(function: Callable[..., Any]) -> Callable[..., NoReturn]:
    def both(*arguments: Any, **more: Any) -> NoReturn:
        function(*arguments, **more)
        _die()

    return both


def _once(replace: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
    """Let one prepared file be swapped, and die at the second."""
    swapped: list[Path] = []

    def replacing(self: Path, target: Path) -> Path:
        if self.name.startswith(".burgee-"):
            if swapped:
                _die()
            swapped.append(self)
        return replace(self, target)

    return replacing
