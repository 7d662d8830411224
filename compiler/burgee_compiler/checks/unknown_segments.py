"""B301, B309: what conditions name as segments exists, and segments name no flags."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.views import FlagView, SegmentView
from burgee_compiler.diagnostics import Diagnostic

__all__ = ["check_flags_in_segments", "check_unknown_segments"]


def check_unknown_segments(view: FlagView | SegmentView) -> Iterator[Diagnostic]:
    """Report segments that a condition names and that do not exist."""
    known = view.tenant.files.segments
    for path, condition in view.conditions:
        name = condition.segment
        if name is not None and name not in known:
            file = f"{view.tenant.name}/segments/{name.replace('.', '/')}.yaml"
            yield view.finding(
                "B301",
                f'there is no segment "{name}"',
                (*path, "segment"),
                help=view.tenant.segment_hints.help(name, f"define it in {file}"),
            )


def check_flags_in_segments(view: SegmentView) -> Iterator[Diagnostic]:
    """Report conditions on flags in a segment."""
    for path, condition in view.conditions:
        if condition.flag is not None:
            yield view.finding(
                "B309",
                "a segment's condition cannot depend on a flag",
                (*path, "flag"),
                help="put this condition into the rules of the flags that use the segment",
            )
