"""Every check, run over everything that could be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, TypeVar

from burgee_compiler.checks.circles import check_flag_circles, check_segment_circles
from burgee_compiler.checks.declared_attributes import check_declared_attributes
from burgee_compiler.checks.endless_experiments import check_endless_experiments
from burgee_compiler.checks.experiments import check_experiments
from burgee_compiler.checks.idle_gates import check_idle_gates
from burgee_compiler.checks.impossible_conditions import check_impossible_conditions
from burgee_compiler.checks.layer_slots import check_layer_claims, check_layer_overlaps
from burgee_compiler.checks.layered_rules import check_layered_rules
from burgee_compiler.checks.levels import check_levels
from burgee_compiler.checks.locks import (
    check_lock_overlaps,
    check_locks_in_use,
    check_repeated_locks,
)
from burgee_compiler.checks.masked_defaults import check_masked_defaults
from burgee_compiler.checks.metadata import check_metadata
from burgee_compiler.checks.null_variants import check_null_variants
from burgee_compiler.checks.one_answer import check_one_answer
from burgee_compiler.checks.overlay_variants import check_overlay_variants
from burgee_compiler.checks.past import check_past, due_of
from burgee_compiler.checks.rule_names import check_reserved_names, check_rule_names
from burgee_compiler.checks.segment_depth import check_segment_depth
from burgee_compiler.checks.segment_members import (
    check_empty_segments,
    check_excluded_members,
    check_members_files,
    check_unused_members_files,
)
from burgee_compiler.checks.segment_use import (
    check_twin_segments,
    check_unused_segments,
    shape_of,
)
from burgee_compiler.checks.small_arms import check_small_arms
from burgee_compiler.checks.time_order import check_rule_times, check_schedules
from burgee_compiler.checks.unknown_environments import (
    check_flag_environments,
    check_lock_environments,
    check_policy_environments,
    check_segment_environments,
)
from burgee_compiler.checks.unknown_flags import check_unknown_flags
from burgee_compiler.checks.unknown_segments import (
    check_flags_in_segments,
    check_unknown_segments,
)
from burgee_compiler.checks.unknown_variants import check_unknown_variants
from burgee_compiler.checks.unreachable_rules import check_unreachable_rules
from burgee_compiler.checks.unserved_variants import check_unserved_variants
from burgee_compiler.checks.variant_values import check_variant_values
from burgee_compiler.checks.views import FlagView, LockView, SegmentView, TenantView
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.memo import Checked, TenantMemo
from burgee_compiler.model.files import Burgee
from burgee_compiler.progress import told
from burgee_compiler.repository import Repository, SourceFile, TenantFiles

__all__ = ["check_flags", "run_checks", "run_clock_checks"]

T = TypeVar("T")
V = TypeVar("V", FlagView, SegmentView, LockView)
Check = Callable[[T], Iterable[Diagnostic]]

_OF_BURGEE: Final[tuple[Check[Burgee], ...]] = (check_levels, check_policy_environments)
_OF_TENANTS: Final[tuple[Check[TenantView], ...]] = (
    check_flag_circles,
    check_segment_circles,
    check_segment_depth,
    check_layer_overlaps,
    check_layer_claims,
    check_unused_members_files,
    check_unused_segments,
    check_twin_segments,
)
_OF_FLAGS: Final[tuple[Check[FlagView], ...]] = (
    check_variant_values,
    check_overlay_variants,
    check_metadata,
    check_reserved_names,
    check_rule_names,
    check_unknown_segments,
    check_unknown_flags,
    check_unknown_variants,
    check_flag_environments,
    check_layered_rules,
    check_small_arms,
    check_schedules,
    check_rule_times,
    check_experiments,
    check_null_variants,
    check_masked_defaults,
    check_declared_attributes,
    check_impossible_conditions,
    check_unreachable_rules,
    check_unserved_variants,
    check_one_answer,
    check_idle_gates,
    check_endless_experiments,
)
_OF_SEGMENTS: Final[tuple[Check[SegmentView], ...]] = (
    check_unknown_segments,
    check_flags_in_segments,
    check_segment_environments,
    check_members_files,
    check_empty_segments,
    check_excluded_members,
    check_declared_attributes,
    check_impossible_conditions,
)
_OF_LOCKS: Final[tuple[Check[LockView], ...]] = (
    check_lock_overlaps,
    check_repeated_locks,
    check_locks_in_use,
    check_lock_environments,
)


def run_checks(repository: Repository) -> list[Diagnostic]:
    """Return all that is wrong with what could be read, each finding once."""
    found: dict[tuple[object, ...], Diagnostic] = {}
    for each in _all(repository):
        # One line of a file may be in effect in several environments.
        found.setdefault((each.code, each.where, each.message), each)
    return list(found.values())


def run_clock_checks(repository: Repository, now: int) -> list[Diagnostic]:
    """Return what depends on the present time, in microseconds; kept apart from all else."""
    found: list[Diagnostic] = []
    for _, files in sorted(repository.tenants.items()):
        tenant = TenantView(repository, files)
        for key, file in sorted(files.flags.items()):
            known = files.memo.checked(file.path) if file.is_readable else None
            if known is None or (known.due is not None and known.due <= now):
                view = tenant.flag(key)
                found += () if view is None else check_past(view, now)
    return found


def _all(repository: Repository) -> Iterator[Diagnostic]:
    if repository.burgee is not None:
        for check in _OF_BURGEE:
            yield from check(repository.burgee)
    for _, files in sorted(repository.tenants.items()):
        tenant = TenantView(repository, files)
        yield from _each(files.flags, tenant.flag, _OF_FLAGS, files.memo)
        yield from _each(files.segments, tenant.segment, _OF_SEGMENTS, files.memo)
        yield from _each(files.locks, tenant.lock, _OF_LOCKS, files.memo)
        for whole in _OF_TENANTS:
            yield from whole(tenant)


def check_flags(repository: Repository, files: TenantFiles, keys: Collection[str]) -> None:
    """Check some flags of a tenant ahead of the others; what is found is told by the memo."""
    tenant = TenantView(repository, files)
    sources = {key: files.flags[key] for key in keys if key in files.flags}
    for _ in _each(sources, tenant.flag, _OF_FLAGS, files.memo):
        pass


def _each(
    sources: dict[str, SourceFile],
    view_of: Callable[[str], V | None],
    checks: tuple[Check[V], ...],
    memo: TenantMemo,
) -> Iterator[Diagnostic]:
    """Run the checks over every definition of a sort, unless what comes of it is known."""
    for name in told("checking", sorted(sources)):
        file = sources[name]
        if not file.is_readable:
            continue
        known = memo.checked(file.path)
        if known is None:
            view = view_of(name)
            assert view is not None
            found = tuple(each for check in checks for each in check(view))
            known = Checked(view.mentions, found, shape_of(view), due_of(view))
            memo.keep_checked(file.path, known)
        yield from known.found
