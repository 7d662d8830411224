"""Where caches lie, the key that seals them, and what is removed when there is too much of it."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

__all__ = ["cache_folder", "is_off", "prune", "repository_folder", "sealing_key"]

_KEY_BYTES: Final = 32
_MOST_BYTES: Final = 2**30
_OLDEST: Final = 30 * 86_400.0


def is_off() -> bool:
    """Return whether the user wants no cache: BURGEE_CACHE=off."""
    return os.environ.get("BURGEE_CACHE", "").lower() in ("off", "0", "false", "no")


def cache_folder() -> Path:
    """Return the folder of all our build caches; BURGEE_CACHE may name another."""
    named = os.environ.get("BURGEE_CACHE")
    return Path(named) if named else _user_folder("XDG_CACHE_HOME", "Caches", ".cache") / "builds"


def repository_folder(folder: Path, root: Path, kind: str) -> Path:
    """Return the folder of one repository: its files as they lie there, or as commits hold them."""
    path = root.resolve()
    digest = sha256(os.fsencode(path) + b"\0" + kind.encode()).hexdigest()[:16]
    return folder / f"{path.name or 'root'}-{digest}"


def sealing_key() -> bytes | None:
    """Return this user's key, made at first; None where it cannot be kept.

    It does not lie with the caches: who copies or restores those cannot make up any.
    """
    path = _user_folder("XDG_STATE_HOME", "Application Support", ".local/state") / "cache.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            _make_key(path)
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            ours = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
            if not ours or stat.S_IMODE(found.st_mode) & 0o077:
                return None
            key = file.read(_KEY_BYTES + 1)
    except OSError:
        return None
    return key if len(key) == _KEY_BYTES else None


def _make_key(path: Path) -> None:
    """Make the key whole or not at all; FileExistsError where there is one."""
    if path.exists():
        raise FileExistsError(path)
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(_KEY_BYTES))
        os.link(temporary, path)  # of two that make one at once, the first is kept
    finally:
        temporary.unlink(missing_ok=True)


def _user_folder(variable: str, mac: str, unix: str) -> Path:
    named = os.environ.get(variable)
    if named:
        return Path(named) / "burgee"
    if sys.platform == "darwin":
        return Path.home() / "Library" / mac / "burgee"
    return Path.home() / unix / "burgee"


def prune(folder: Path, keep: Path) -> None:
    """Remove what was not written for 30 days, and the oldest above 1 GiB; never `keep`."""
    with suppress(OSError):
        if all(each == keep for each in folder.iterdir()):
            return
        import shutil  # noqa: PLC0415  slow to import, and seldom needed

        found = sorted((_written(each), each) for each in folder.iterdir() if each.is_dir())
        sizes = {each: _size(each) for _, each in found}
        total, oldest = sum(sizes.values()), time.time() - _OLDEST
        for written, each in found:
            if each != keep and (written < oldest or total > _MOST_BYTES):
                total -= sizes[each]
                shutil.rmtree(each, ignore_errors=True)


def _written(folder: Path) -> float:
    return max(_each_of(folder, "st_mtime"), default=0.0)


def _size(folder: Path) -> float:
    return sum(_each_of(folder, "st_size"))


def _each_of(folder: Path, field: str) -> Iterable[float]:
    for path in folder.iterdir():
        with suppress(OSError):
            yield getattr(path.lstat(), field)
