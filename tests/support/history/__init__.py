"""The life of a repository of flags, as people and tools write it: commits, one edit each."""

from __future__ import annotations

from support.history.life import Commit, life_of
from support.history.written import write_history

__all__ = ["Commit", "life_of", "write_history"]
