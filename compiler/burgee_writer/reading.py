"""Definitions as they are asked for again and again: each file is read once for its bytes."""

from __future__ import annotations

from threading import Lock
from typing import Final

from burgee_compiler.model.flag import Flag
from burgee_compiler.repository import SourceFile
from burgee_writer.tips.tip import Tip

__all__ = ["Definitions"]

_MOST: Final = 50_000


class Definitions:
    """Flags by their paths and git's ids of their bytes; those asked for long ago are dropped."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], Flag | None] = {}
        self._lock = Lock()

    def flag(self, tip: Tip, file: SourceFile) -> Flag | None:
        """Return a flag's definition, None where it does not read."""
        key = file.path, tip.files.blob(file.path)
        with self._lock:
            if key in self._known:
                found = self._known.pop(key)
                self._known[key] = found
                return found
        made = file.flag
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.pop(next(iter(self._known)))
            self._known[key] = made
        return made
