"""Where builds of `burgee up` lie: in the user's cache folder, by the repository's path."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path

__all__ = ["state_folder"]


def state_folder(root: Path) -> Path:
    """Return the folder that belongs to a repository, made so that only its user reads it."""
    path = root.resolve()
    digest = sha256(os.fsencode(path)).hexdigest()[:12]
    folder = _cache_folder() / "burgee" / "up" / f"{path.name or 'root'}-{digest}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def _cache_folder() -> Path:
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path.home() / ".cache"
