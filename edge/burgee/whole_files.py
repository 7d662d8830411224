"""Writing files that readers see whole or not at all, and that survive a power cut."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

__all__ = ["holds", "put_whole"]

_MOST_AHEAD: Final = 86_400  # seconds that times may run ahead of the clock


def put_whole(path: Path, data: bytes | memoryview, mode: int = 0o644) -> None:
    """Make `path` hold `data`, its folder made where there is none; untouched if it does already.

    Written beside it, synced, renamed over it. OSError where that cannot be done; nothing is left
    behind then. What replaces a file is younger by a second at least: web servers make an ETag of
    its size and the second, and whoever asks by that would never see two changes within one.
    """
    if holds(path, data):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        _make_younger(temporary, path)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def holds(path: Path, data: bytes | memoryview) -> bool:
    """Return whether a file is there and holds just these bytes."""
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def _make_younger(file: Path, than: Path) -> None:
    try:
        before = int(than.stat().st_mtime)
    except OSError:
        return
    now = int(file.stat().st_mtime)
    if before - _MOST_AHEAD < now <= before:
        os.utime(file, (before + 1, before + 1))


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # folders cannot be opened there, and renames are durable enough
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
