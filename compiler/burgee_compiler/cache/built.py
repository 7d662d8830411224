"""Remembered forms and tests, and which of them still hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from burgee_compiler.cache.records import Built, BuiltEnvironment
from burgee_compiler.layout import key_of
from burgee_compiler.memo import (
    Checked,
    EnvironmentMemo,
    FileRecord,
    FlagRecord,
    Mentions,
    SegmentRecord,
    TestRecord,
)
from burgee_compiler.reaching import reaching

__all__ = ["Forms", "still_good"]


class Forms(EnvironmentMemo):
    """What one tenant was compiled to in one environment; `news` where that is more than read."""

    def __init__(self, built: BuiltEnvironment) -> None:
        self._built = built
        self.news = False

    def flag(self, key: str) -> FlagRecord | None:
        return self._built.flags.get(key)

    def segment(self, name: str) -> SegmentRecord | None:
        return self._built.segments.get(name)

    def tests(self, name: str) -> Sequence[TestRecord] | None:
        return self._built.tests.get(name)

    def keep_flag(self, key: str, record: FlagRecord) -> None:
        self._built.flags[key] = record
        self.news = True

    def keep_segment(self, name: str, record: SegmentRecord) -> None:
        self._built.segments[name] = record
        self.news = True

    def keep_tests(self, name: str, records: Sequence[TestRecord]) -> None:
        self._built.tests[name] = tuple(records)
        self.news = True


def still_good(
    tenant: str,
    built: Built,
    files: Mapping[str, FileRecord],
    checked: Mapping[str, Checked],
) -> None:
    """Remove from `built` what may be otherwise now that the files are these.

    Its sources stay what they were. A definition that was not checked counts as changed, since
    nobody knows what it names; so does a member list, which costs little.
    """
    sources = built.sources
    changed = {path for path, each in files.items() if sources.get(path) != each.digest}
    changed |= sources.keys() - files.keys()
    segment_prefix, flag_prefix = f"{tenant}/segments/", f"{tenant}/flags/"
    unchecked = files.keys() - checked.keys()
    changed |= {path for path in unchecked if path.startswith((segment_prefix, flag_prefix))}
    if not changed:
        return
    segments = reaching(
        _segments_at_first(segment_prefix, changed, checked),
        {
            key_of(path, segment_prefix): each.mentions.segments
            for path, each in checked.items()
            if each.mentions.segments and path.startswith(segment_prefix)
        },
    )
    layers = f"{tenant}/layers.yaml"
    start = _flags_at_first(flag_prefix, changed, checked, segments)
    if layers in changed or layers not in files:
        start |= _naming(flag_prefix, checked, lambda each: bool(each.layers))
    needs = {
        key_of(path, flag_prefix): each.mentions.flags
        for path, each in checked.items()
        if each.mentions.flags and not path.endswith(".lock.yaml")
    }
    _drop(built, reaching(start, needs), segments)


def _segments_at_first(
    prefix: str, changed: Collection[str], checked: Mapping[str, Checked]
) -> set[str]:
    """Return the segments of which a file is changed: their own, or a list of members."""
    found = {key_of(path, prefix) for path in changed if path.startswith(prefix)}
    for path, each in checked.items():
        folder = path.rpartition("/")[0]
        if any(f"{folder}/{name}" in changed for name in each.mentions.lists):
            found.add(key_of(path, prefix))
    return found


def _flags_at_first(
    prefix: str, changed: Collection[str], checked: Mapping[str, Checked], segments: set[str]
) -> set[str]:
    """Return the flags of which a file is changed, their own or their lock, or a segment."""
    found = {
        key_of(path.replace(".lock.yaml", ".yaml"), prefix)
        for path in changed
        if path.startswith(prefix)
    }
    if segments:
        found |= _naming(prefix, checked, lambda each: not segments.isdisjoint(each.segments))
    return found


def _naming(
    prefix: str, checked: Mapping[str, Checked], names: Callable[[Mentions], bool]
) -> set[str]:
    return {
        key_of(path, prefix)
        for path, each in checked.items()
        if path.startswith(prefix) and names(each.mentions)
    }


def _drop(built: Built, flags: set[str], segments: set[str]) -> None:
    for environment in built.environments.values():
        for key in flags:
            environment.flags.pop(key, None)
            environment.tests.pop(key, None)
        for name in segments:
            environment.segments.pop(name, None)
            environment.tests.pop(f"@{name}", None)
