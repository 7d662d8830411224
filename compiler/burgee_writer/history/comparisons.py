"""Comparisons that were made before: whoever looks at the audit looks at its newest pages again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from burgee_writer.history.before_after import Compared, compare
from burgee_writer.history.moment import Moment
from burgee_writer.history.records import Record, Touched

__all__ = ["Comparisons"]

_MOST_BYTES: Final = 8 * 2**20
"""Of files that were read for them; as JSON in memory they are some ten times that."""
_LEAST: Final = 1024


class Comparisons:
    """What commits made of resources, as often asked for; for any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, Touched], tuple[int, Compared]] = OrderedDict()
        self._bytes = 0

    def compare(self, moment: Moment, record: Record, touched: Touched) -> Compared:
        """Return what a commit made of a resource; never to be changed in place."""
        key = (record.id, touched)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found[1]
        before = moment.bytes_read
        made = compare(moment, touched)
        self._keep(key, _LEAST + moment.bytes_read - before, made)
        return made

    def _keep(self, key: tuple[str, Touched], size: int, made: Compared) -> None:
        with self._lock:
            if key in self._kept or size > _MOST_BYTES:
                return
            self._kept[key] = size, made
            self._bytes += size
            while self._bytes > _MOST_BYTES:
                _, (oldest, _) = self._kept.popitem(last=False)
                self._bytes -= oldest
