"""Remembered forms and tests, and which of them still hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from burgee_compiler.cache.records import Built, BuiltEnvironment
from burgee_compiler.memo import (
    EnvironmentMemo,
    FileRecord,
    FlagRecord,
    Mentions,
    SegmentRecord,
    TestRecord,
)

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
    mentions: Mapping[str, Mentions],
) -> None:
    """Remove from `built` what may be otherwise now that the files are these.

    Its sources stay what they were. A file of which it is not known what it names counts as
    changed.
    """
    sources = built.sources
    changed = {path for path, each in files.items() if sources.get(path) != each.digest}
    changed |= sources.keys() - files.keys()
    segments, flags = _by_name(tenant, changed, files, mentions)
    dirty_segments = _reached(
        {name for name, (is_changed, _) in segments.items() if is_changed},
        {name: each.segments for name, (_, each) in segments.items() if each.segments},
    )
    start = {
        key
        for key, (is_changed, each) in flags.items()
        if is_changed or not dirty_segments.isdisjoint(each.segments)
    }
    dirty = _reached(start, {key: each.flags for key, (_, each) in flags.items() if each.flags})
    for environment in built.environments.values():
        _keep(environment.flags, flags.keys() - dirty)
        _keep(environment.segments, segments.keys() - dirty_segments)
        good = flags.keys() - dirty
        good |= {f"@{name}" for name in segments.keys() - dirty_segments}
        _keep(environment.tests, good)


_Named = dict[str, tuple[bool, Mentions]]


def _by_name(
    tenant: str,
    changed: set[str],
    files: Mapping[str, FileRecord],
    mentions: Mapping[str, Mentions],
) -> tuple[_Named, _Named]:
    """Return segments and flags, each with whether a file of its own is changed."""
    segments: _Named = {}
    flags: _Named = {}
    layers = f"{tenant}/layers.yaml"
    no_layers = layers in changed or layers not in files
    flag_prefix, segment_prefix = f"{tenant}/flags/", f"{tenant}/segments/"
    for path in files:
        if path.endswith(".lock.yaml") or not path.endswith(".yaml"):
            continue
        known = mentions.get(path)
        is_changed = known is None or path in changed
        known = known or Mentions()
        if path.startswith(flag_prefix):
            lock = path.removesuffix(".yaml") + ".lock.yaml"
            is_changed = is_changed or lock in changed or (bool(known.layers) and no_layers)
            flags[_name(path, flag_prefix)] = is_changed, known
        elif path.startswith(segment_prefix):
            folder = path.rpartition("/")[0]
            lists = {f"{folder}/{each}" for each in known.lists}
            is_changed = is_changed or any(each in changed or each not in files for each in lists)
            segments[_name(path, segment_prefix)] = is_changed, known
    for path in changed - files.keys():  # what is gone is no longer what others named
        if path.startswith(flag_prefix):
            flags.setdefault(_name(path, flag_prefix), (True, Mentions()))
        elif path.startswith(segment_prefix):
            segments.setdefault(_name(path, segment_prefix), (True, Mentions()))
    return segments, flags


def _name(path: str, prefix: str) -> str:
    return path.removeprefix(prefix).removesuffix(".yaml").replace("/", ".")


def _reached(start: set[str], named: Mapping[str, Iterable[str]]) -> set[str]:
    """Return `start` and all that name one of it, also through others."""
    if not start:
        return set()
    users: dict[str, list[str]] = {}
    for name, names in named.items():
        for each in names:
            users.setdefault(each, []).append(name)
    reached, stack = set(start), list(start)
    while stack:
        for name in users.get(stack.pop(), ()):
            if name not in reached:
                reached.add(name)
                stack.append(name)
    return reached


def _keep(records: dict[str, Any], names: set[str]) -> None:
    for name in records.keys() - names:
        del records[name]
