"""Where caches lie, the key that seals them, and what is removed when there is too much of it."""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

__all__ = ["cache_folder", "is_off", "prune", "repository_folder", "sealing_key", "state_folder"]

_OFF: Final = ("off", "0", "false", "no")
_ON: Final = ("on", "1", "true", "yes")
_KEY_BYTES: Final = 32
_OURS: Final = re.compile(r".+-[0-9a-f]{16}", re.DOTALL)
_FILE: Final = re.compile(r"\.?(files|built-[0-9a-f]{16})(\.[0-9a-f]{16})?")
_MOST_BYTES: Final = 2**30
_OLDEST: Final = 30 * 86_400.0


def is_off() -> bool:
    """Return whether the user wants no cache: BURGEE_CACHE=off."""
    return os.environ.get("BURGEE_CACHE", "").lower() in _OFF


def cache_folder() -> Path:
    """Return the folder of all our build caches; BURGEE_CACHE may name another."""
    named = os.environ.get("BURGEE_CACHE", "")
    if named and named.lower() not in _ON:
        return Path(named) / "burgee" / "builds"
    return _user_folder("XDG_CACHE_HOME", "Caches", ".cache") / "builds"


def repository_folder(folder: Path, root: Path, kind: str) -> Path:
    """Return the folder of one repository: its files as they lie there, or as commits hold them."""
    path = root.resolve()
    digest = sha256(os.fsencode(path) + b"\0" + kind.encode()).hexdigest()[:16]
    return folder / f"{path.name or 'root'}-{digest}"


def state_folder() -> Path:
    """Return the folder of what this user's programs of ours must keep."""
    return _user_folder("XDG_STATE_HOME", "Application Support", ".local/state")


def sealing_key() -> bytes | None:
    """Return this user's key, made at first; None where it cannot be kept.

    It does not lie with the caches: who copies or restores those cannot make up any.
    """
    path = state_folder() / "cache.key"
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
    """Remove what was not written for 30 days, and the oldest above 1 GiB; never `keep`.

    Only files that have the names of ours are touched, and folders that hold nothing else.
    """
    with suppress(OSError):
        others = [each for each in folder.iterdir() if each != keep and _OURS.fullmatch(each.name)]
        if not others:
            return
        found = sorted((max(_each_of(each, "st_mtime"), default=0.0), each) for each in others)
        sizes = {each: sum(_each_of(each, "st_size")) for each in (keep, *others)}
        total, oldest = sum(sizes.values()), time.time() - _OLDEST
        for written, each in found:
            if written < oldest or total > _MOST_BYTES:
                total -= sizes[each]
                _remove(each)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        for each in _our_files(folder):
            each.unlink()
        folder.rmdir()


def _our_files(folder: Path) -> list[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return []
    return [each for each in folder.iterdir() if _FILE.fullmatch(each.name)]


def _each_of(folder: Path, field: str) -> Iterable[float]:
    for path in _our_files(folder):
        with suppress(OSError):
            yield getattr(path.lstat(), field)
