"""One flag in one environment: what changes in meaning, and whom it moves, now and later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from burgee.instants import format_instant
from burgee_compiler.model.files import PlanSettings
from burgee_compiler.plan.around import around
from burgee_compiler.plan.instants import instants_of
from burgee_compiler.plan.moments import Moments, moments, shown_groups
from burgee_compiler.plan.pair import Pair
from burgee_compiler.plan.report import EnvironmentPlan, PlanClass, Share, worst
from burgee_compiler.plan.settings import class_of_ids, class_of_share
from burgee_compiler.plan.side import Side
from burgee_compiler.plan.timeline import timeline
from burgee_compiler.words.differences import Difference, differences

__all__ = ["plan_environment", "unknown_before"]

_SILENT: Final = frozenset({"metadata", "none"})


def plan_environment(
    environment: str,
    before: Side | None,
    after: Side | None,
    now: int,
    settings: PlanSettings,
    read_otherwise: Sequence[Difference] = (),
) -> EnvironmentPlan | None:
    """Return what a change does to a flag; None where it means the same as before.

    `read_otherwise` tells of attributes that it asks for and that are declared differently.
    """
    same = before is not None and after is not None and before.digest == after.digest
    if same and not read_otherwise:
        return None
    pair = Pair(before, after)
    moved = moments(pair, now)
    found = [*([] if same else _differences(pair, moved, now)), *read_otherwise]
    shown = shown_groups(moved)
    is_loud = any(each.kind not in _SILENT for each in found)
    return EnvironmentPlan(
        environment=environment,
        status="comes" if before is None else "goes" if after is None else "changed",
        kinds=tuple(dict.fromkeys(each.kind for each in found)),
        class_=_class(found, moved, settings, is_new=before is None),
        changes=tuple(dict.fromkeys(each.text for each in found)),
        groups=shown.groups,
        others=shown.others,
        conditions=shown.conditions,
        undecided=moved.undecided,
        worst_at=format_instant(moved.worst_at) if moved.worst_at != now else None,
        worst_moved=None if moved.worst is None else Share.of(moved.worst),
        worst_if_on=moved.is_if_on,
        timeline=tuple(timeline(after, now)) if after is not None and is_loud else (),
    )


def unknown_before(environment: str, after: Side, now: int) -> EnvironmentPlan:
    """Return the plan of a flag that did not build before: there is nothing to compare with."""
    return EnvironmentPlan(
        environment=environment,
        status="unknown",
        kinds=("retarget",),
        class_="high",
        changes=("the flag builds now, and did not before",),
        groups=(),
        undecided="what it served before does not build",
        timeline=tuple(timeline(after, now)),
    )


def _differences(pair: Pair, moved: Moments, now: int) -> Iterator[Difference]:
    before, after = pair.before, pair.after
    if before is None or after is None:
        yield Difference("variants", "the flag comes" if before is None else "the flag goes")
        return
    found = [*differences(before.at(now), after.at(now)), *around(pair, now)]
    later = list(_later(before, after, now, {each.text for each in found}))
    yield from found
    yield from later
    if found or later:
        return
    if moved.worst:
        yield Difference("retarget", "what it is built from differs")
    else:
        yield Difference("none", "it is built differently, with the same answers")


def _later(before: Side, after: Side, now: int, said: set[str]) -> Iterator[Difference]:
    """Yield what is different only from an instant to come on."""
    instants = instants_of(before.form) | instants_of(after.form)
    for at in sorted(each for each in instants if each > now):
        for each in differences(before.at(at), after.at(at)):
            if each.text not in said:
                said.add(each.text)
                yield Difference("schedule", f"from {format_instant(at)}: {each.text}", each.ids)


def _class(
    found: Iterable[Difference], moved: Moments, settings: PlanSettings, *, is_new: bool
) -> PlanClass:
    """How many are moved says most; of listed users their number, of new flags the kind."""
    loud = [each for each in found if each.kind not in _SILENT]
    least: PlanClass = "low" if loud else "none"
    if is_new:
        return least
    listed = [each.ids for each in loud if each.ids is not None]
    least = worst((least, class_of_ids(sum(listed))))
    if loud and len(listed) == len(loud):
        return least
    if moved.worst is None:
        return "high"
    return worst((least, class_of_share(moved.worst, settings)))
