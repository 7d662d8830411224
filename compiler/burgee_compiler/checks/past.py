"""B723, B724, B725: what today has made of a flag. Asked for by `check --now` alone.

What passes with time is found here and nowhere else, so that nothing turns red overnight. What is
remembered of a flag is when that is, never that it is so.
"""

from __future__ import annotations

from collections.abc import Iterator

from burgee.instants import format_instant
from burgee_compiler.checks.views import FlagView, View
from burgee_compiler.checks.walk import said
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.flag import Override

__all__ = ["check_past", "due_of"]


def check_past(view: FlagView, now: int) -> Iterator[Diagnostic]:
    """Report overrides that expired, steps that passed, and a flag past its `expires`."""
    yield from _overrides(view, now)
    yield from _steps(view, now)
    expires = view.flag.expires
    if expires is not None and expires <= now:
        yield view.finding(
            "B725",
            f"the flag was to be gone by {format_instant(expires)}",
            ("expires",),
            help="remove it from code and then here, or write a later date and why",
        )


def due_of(view: View) -> int | None:
    """Return the earliest instant from which there is something to report; None where never."""
    if not isinstance(view, FlagView):
        return None
    parts = [part for _, part in view.parts]
    overrides = (each for part in parts for each in said(part, "overrides") or ())
    steps = (
        step
        for part in (*parts, *(part for _, part in view.rule_parts))
        for step in said(part, "schedule") or ()
    )
    instants = (
        view.flag.expires,
        *(each.expires for each in overrides),
        *(step.at for step in steps),
    )
    return min((each for each in instants if each is not None), default=None)


def _overrides(view: FlagView, now: int) -> Iterator[Diagnostic]:
    for path, part in view.parts:
        overrides: tuple[Override, ...] = said(part, "overrides") or ()
        for index, override in enumerate(overrides):
            if override.expires is not None and override.expires <= now:
                yield view.finding(
                    "B723",
                    f'the override of "{override.user}" expired at '
                    f"{format_instant(override.expires)}",
                    (*path, "overrides", index, "expires"),
                    help="remove the override, or its `expires`",
                )


def _steps(view: FlagView, now: int) -> Iterator[Diagnostic]:
    for path, part in (*view.parts, *view.rule_parts):
        for index, step in enumerate(said(part, "schedule") or ()):
            if step.at <= now:
                yield view.finding(
                    "B724",
                    f"the step of {format_instant(step.at)} has passed",
                    (*path, "schedule", index, "at"),
                    help="write what it sets into the fields themselves, and remove the step",
                )
