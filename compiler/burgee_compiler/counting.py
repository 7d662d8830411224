"""How many flags of what kind there are, tenant by tenant and environment by environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from burgee_compiler.model.flag import Flag
from burgee_compiler.model.types import type_of
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import flag_at
from burgee_compiler.stale import Found

__all__ = ["EnvironmentCounts", "TenantCounts", "count_tenant", "sum_of"]

_NO_OWNER = "(none)"
Counts = dict[str, int]


class EnvironmentCounts(Struct, frozen=True):
    """What holds in one environment; overrides are those in force, rules those of flags on."""

    on: int
    off: int
    rules: int
    overrides: int
    experiments: Counts
    """By status."""


class TenantCounts(Struct, frozen=True, kw_only=True):
    """One tenant, or all; most frequent first, and of the same frequency by name."""

    tenant: str | None
    flags: int
    unread: int
    segments: int
    tests: int
    untested: int
    kinds: Counts
    types: Counts
    owners: Counts
    tags: Counts
    environments: dict[str, EnvironmentCounts]
    stale: Counts
    """By reason; a flag or segment may have several."""
    stale_flags: int
    stale_segments: int


def count_tenant(
    files: TenantFiles, environments: Sequence[str], stale: Iterable[Found], now: int
) -> TenantCounts:
    """Return the figures of one tenant at an instant."""
    flags = [file.flag for file in files.flags.values()]
    read = [flag for flag in flags if flag is not None]
    segments = [file.segment for file in files.segments.values()]
    found = [each for each in stale if each.tenant == files.name]
    return TenantCounts(
        tenant=files.name,
        flags=len(flags),
        unread=len(flags) - len(read),
        segments=len(segments),
        tests=sum(len(each.tests) for each in (*read, *segments) if each is not None),
        untested=sum(not flag.tests for flag in read),
        kinds=_counts(flag.kind for flag in read),
        types=_counts(type_of(flag) for flag in read),
        owners=_counts(flag.owner or _NO_OWNER for flag in read),
        tags=_counts(tag for flag in read for tag in flag.tags),
        environments={name: _environment(read, name, now) for name in environments},
        stale=_counts(why for each in found for why in {reason.why for reason in each.reasons}),
        stale_flags=sum(each.kind == "flag" for each in found),
        stale_segments=sum(each.kind == "segment" for each in found),
    )


def _environment(flags: Iterable[Flag], environment: str, now: int) -> EnvironmentCounts:
    here = [flag_at(flag, environment, now) for flag in flags]
    on = [flag for flag in here if flag.state == "on"]
    experiments = (
        rule.experiment.status for flag in on for rule in flag.rules if rule.experiment is not None
    )
    return EnvironmentCounts(
        on=len(on),
        off=len(here) - len(on),
        rules=sum(len(flag.rules) for flag in on),
        overrides=sum(
            each.expires is None or now < each.expires for flag in here for each in flag.overrides
        ),
        experiments=_counts(experiments),
    )


def sum_of(counts: Sequence[TenantCounts]) -> TenantCounts:
    """Return the figures of all tenants together."""
    names = list(dict.fromkeys(name for each in counts for name in each.environments))
    return TenantCounts(
        tenant=None,
        flags=sum(each.flags for each in counts),
        unread=sum(each.unread for each in counts),
        segments=sum(each.segments for each in counts),
        tests=sum(each.tests for each in counts),
        untested=sum(each.untested for each in counts),
        kinds=_added(each.kinds for each in counts),
        types=_added(each.types for each in counts),
        owners=_added(each.owners for each in counts),
        tags=_added(each.tags for each in counts),
        environments={
            name: _sum_of_environments([each.environments[name] for each in counts])
            for name in names
        },
        stale=_added(each.stale for each in counts),
        stale_flags=sum(each.stale_flags for each in counts),
        stale_segments=sum(each.stale_segments for each in counts),
    )


def _sum_of_environments(counts: Sequence[EnvironmentCounts]) -> EnvironmentCounts:
    return EnvironmentCounts(
        on=sum(each.on for each in counts),
        off=sum(each.off for each in counts),
        rules=sum(each.rules for each in counts),
        overrides=sum(each.overrides for each in counts),
        experiments=_added(each.experiments for each in counts),
    )


def _counts(names: Iterable[str]) -> Counts:
    return _sorted(Counter(names))


def _added(counts: Iterable[Mapping[str, int]]) -> Counts:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return _sorted(total)


def _sorted(counts: Mapping[str, int]) -> Counts:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
