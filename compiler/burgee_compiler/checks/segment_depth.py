"""B509: segments do not stand on each other without end, since evaluation goes all the way down."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Final

from burgee_compiler.checks.views import TenantView
from burgee_compiler.diagnostics import Diagnostic

__all__ = ["MOST_SEGMENTS", "check_segment_depth"]

MOST_SEGMENTS: Final = 16


def check_segment_depth(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report each segment that is the first with too many below it; circles are B307."""
    below = {
        name: tenant.segment_mentions(name).segments
        for name, file in sorted(tenant.files.segments.items())
        if file.is_readable
    }
    depth: dict[str, int] = {}
    try:
        for name in TopologicalSorter(below).static_order():
            depth[name] = 1 + max((depth[each] for each in below.get(name, ())), default=0)
    except CycleError:
        return
    for name in below:
        if depth[name] != MOST_SEGMENTS + 1:
            continue
        view = tenant.segment(name)
        assert view is not None
        path = next(
            path
            for path, each in view.conditions
            if each.segment is not None and depth[each.segment] == MOST_SEGMENTS
        )
        yield view.finding(
            "B509",
            f'the segment "{name}" stands on {MOST_SEGMENTS} others, each on the next',
            path,
            help="write out one of the conditions in between, so that the chain is shorter",
        )
