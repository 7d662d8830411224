"""Writes: functions from a tree to its changes, for the commands and for the writer alike."""

from burgee_compiler.writes.changes import Changes, Overlaid, Writing, lock_of
from burgee_compiler.writes.judge import Judged, added, judge
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = [
    "Changes",
    "Judged",
    "Overlaid",
    "WriteRefusedError",
    "Writing",
    "added",
    "judge",
    "lock_of",
]
