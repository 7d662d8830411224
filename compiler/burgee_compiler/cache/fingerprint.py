"""Which compiler this is: its sources and the libraries that results depend on, by their stamps.

A stamp (size, times, inode) changes with every edit, so that a compiler under development never
reads what an earlier state of it wrote. Where a source is younger than this process, what was
imported may be another text than what lies there now: then there is no fingerprint.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from yaml._yaml import get_version_string

from burgee_compiler.trees import stamp

__all__ = ["fingerprint"]

_STARTED: Final = time.time_ns()
_OURS: Final = ("burgee", "burgee_compiler")
_LIBRARIES: Final = ("msgspec", "xxhash", "re2", "yaml")
_SLACK: Final = 1_000_000_000
"""How long, in ns, a process may have run before this module was imported, as far as we know."""


def fingerprint() -> bytes | None:
    """Return a digest of all that decides what the compiler makes of a file; None where unsure."""
    made = sha256(f"{sys.version}\0{sys.byteorder}\0{get_version_string()}".encode())
    for path in _paths():
        try:
            found = os.stat(path)  # noqa: PTH116  some 200 files, at every start
        except OSError:
            return None
        if max(found.st_mtime_ns, found.st_ctime_ns) > _STARTED - _SLACK:
            return None
        made.update(os.fsencode(path) + b"\0" + stamp(found))
    return made.digest()


def _paths() -> Iterator[str]:
    for name in (*_OURS, *_LIBRARIES):
        package = sys.modules.get(name)
        origin = getattr(package, "__file__", None)
        if origin is None:
            spec = importlib.util.find_spec(name)
            origin = None if spec is None else spec.origin
        if origin is not None:
            yield from _sources(str(Path(origin).parent))


def _sources(folder: str) -> Iterator[str]:
    with os.scandir(folder) as scan:
        inside = sorted(scan, key=lambda each: each.name)
    for each in inside:
        if each.is_dir() and each.name != "__pycache__":
            yield from _sources(each.path)
        elif each.name.endswith((".py", ".so", ".pyd")):
            yield each.path
