"""Tips of files that no commit holds, and what leads from one to another."""

from __future__ import annotations

from collections.abc import Mapping

from burgee_compiler.cache.remembered import RememberedMemo, Store
from burgee_compiler.writes import Changes
from burgee_writer.tips.files import Files
from burgee_writer.tips.tip import Tip
from support.memory_tree import MemoryTree

__all__ = ["changes_of", "tip_of"]


def tip_of(files: Mapping[str, str | bytes], commit: str | None = "0" * 40) -> Tip:
    """Read files as a commit that nobody knew before."""
    return Tip(commit, Files.at(MemoryTree(files)), RememberedMemo(Store()))


def changes_of(before: Mapping[str, str], after: Mapping[str, str]) -> Changes:
    """Return what leads from one set of files to another."""
    paths = before.keys() | after.keys()
    differing = (each for each in sorted(paths) if before.get(each) != after.get(each))
    return {path: after[path].encode() if path in after else None for path in differing}
