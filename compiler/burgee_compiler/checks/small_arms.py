"""B402: a weight above 0 gets at least one of the 100,000 slots."""

from __future__ import annotations

from collections.abc import Iterator

from burgee.buckets import SLOTS
from burgee_compiler.allocate import exact_slots
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path, said
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.distribution import Split

__all__ = ["check_small_arms"]


def check_small_arms(view: FlagView) -> Iterator[Diagnostic]:
    """Report arms of a split that are too small to get a slot."""
    for path, part in view.parts:
        default = said(part, "default")
        if default is not None and default.serve.split is not None:
            yield from _in_split(view, (*path, "default", "serve", "split"), default.serve.split)
    for path, part in view.rule_parts:
        serve = said(part, "serve")
        if serve is not None and serve.split is not None:
            yield from _in_split(view, (*path, "serve", "split"), serve.split)


def _in_split(view: FlagView, path: Path, split: Split) -> Iterator[Diagnostic]:
    total = sum(split.values())
    if all(not weight or weight * SLOTS >= total for weight in split.values()):
        return
    slots = exact_slots(split)
    for name, weight in split.items():
        if weight and not slots[name]:
            yield view.finding(
                "B402",
                f'"{name}" has {weight} of {total}, which is less than one of {SLOTS:,} slots',
                (*path, name),
                help="give it 0.001 % of the sum or more, or 0",
            )
