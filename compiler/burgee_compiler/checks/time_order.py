"""B408, B416: schedules go forward, and rules end after they start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from burgee.instants import format_instant
from burgee_compiler.checks.rule_forms import rule_forms
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path, said
from burgee_compiler.diagnostics import Diagnostic, Label
from burgee_compiler.model.flag import FlagStep, RuleStep

__all__ = ["check_rule_times", "check_schedules"]


def check_schedules(view: FlagView) -> Iterator[Diagnostic]:
    """Report steps of a schedule that are out of order or at one instant."""
    for path, part in chain(view.parts, view.rule_parts):
        steps = said(part, "schedule")
        if steps:
            yield from _steps(view, (*path, "schedule"), steps)


def _steps(
    view: FlagView, path: Path, steps: Sequence[FlagStep | RuleStep]
) -> Iterator[Diagnostic]:
    for index, (before, step) in enumerate(pairwise(steps), 1):
        if step.at > before.at:
            continue
        same = step.at == before.at
        what = "two steps stand at one instant" if same else "a step comes before the one above it"
        yield view.finding(
            "B408",
            f"{what}: {format_instant(step.at)}",
            (*path, index, "at"),
            labels=(Label(view.where((*path, index - 1, "at")), "the step above"),),
            help="put what they set into one step" if same else "put the steps in order of time",
        )


def check_rule_times(view: FlagView) -> Iterator[Diagnostic]:
    """Report rules that end when they start, or before."""
    for path, rule in view.rules:
        for form in rule_forms(path, rule):
            (start_path, starts), (end_path, ends) = form.get("starts"), form.get("ends")
            if starts is None or ends is None or starts < ends:
                continue
            yield view.finding(
                "B416",
                f'the rule "{rule.name}" ends at {format_instant(ends)} and so never starts',
                end_path,
                labels=(Label(view.where(start_path), "it starts here"),),
                help="write an end later than the start (the end itself is not included)",
            )
