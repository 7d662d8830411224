"""One flag in one environment: what changes in meaning, and whom it moves, now and later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from burgee.instants import format_instant
from burgee_compiler.plan.around import around
from burgee_compiler.plan.instants import instants_of
from burgee_compiler.plan.moments import Moments, moments, shown_groups
from burgee_compiler.plan.pair import Pair
from burgee_compiler.plan.report import EnvironmentPlan, PlanClass, Share, worst
from burgee_compiler.plan.settings import Settings
from burgee_compiler.plan.side import Side
from burgee_compiler.plan.timeline import timeline
from burgee_compiler.words.differences import Difference, differences

__all__ = ["plan_environment"]


def plan_environment(
    environment: str, before: Side | None, after: Side | None, now: int, settings: Settings
) -> EnvironmentPlan | None:
    """Return what a change does to a flag; None where it means the same as before."""
    if before is not None and after is not None and before.digest == after.digest:
        return None
    found = list(_differences(before, after, now))
    moved = moments(Pair(before, after), now)
    groups, conditions = shown_groups(moved)
    return EnvironmentPlan(
        environment=environment,
        kinds=tuple(dict.fromkeys(each.kind for each in found)),
        class_=_class(found, moved, settings, is_new=before is None),
        changes=tuple(each.text for each in found),
        groups=groups,
        conditions=conditions,
        undecided=moved.undecided,
        worst_at=format_instant(moved.worst_at) if moved.worst_at != now else None,
        worst_moved=None if moved.worst is None else Share.of(moved.worst),
        timeline=tuple(timeline(after, now)) if after is not None else (),
    )


def _differences(before: Side | None, after: Side | None, now: int) -> Iterator[Difference]:
    if before is None or after is None:
        yield Difference("variants", "the flag comes" if before is None else "the flag goes")
        return
    found = [*differences(before.at(now), after.at(now)), *around(before, after, now)]
    later = list(_later(before, after, now, {each.text for each in found}))
    yield from found
    yield from later
    if not found and not later:
        yield Difference("none", "compiled differently, with the same answers")


def _later(before: Side, after: Side, now: int, said: set[str]) -> Iterator[Difference]:
    """Yield what is different only from an instant to come on."""
    instants = instants_of(before.form) | instants_of(after.form)
    for at in sorted(each for each in instants if each > now):
        for each in differences(before.at(at), after.at(at)):
            if each.text not in said:
                said.add(each.text)
                yield Difference("schedule", f"from {format_instant(at)}: {each.text}")


def _class(
    found: Iterable[Difference], moved: Moments, settings: Settings, *, is_new: bool
) -> PlanClass:
    """How many are moved says most; of single users and of new flags, the kind does."""
    kinds = {each.kind for each in found}
    least: PlanClass = "low" if kinds - {"metadata", "none"} else "none"
    if is_new:
        return least
    if moved.worst is None:
        return "high"
    return worst((least, settings.class_of(moved.worst)))
