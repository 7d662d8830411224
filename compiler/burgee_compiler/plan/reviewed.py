"""The class of a change against the form that was last reviewed.

A writer commits small steps without review. Its commits are looked through, so that twenty small
steps are judged as the one large step that they are.
"""

from __future__ import annotations

from msgspec import structs

from burgee_compiler.plan.compare import Revision
from burgee_compiler.plan.environment import plan_environment
from burgee_compiler.plan.report import EnvironmentPlan, FlagPlan, Plan, worst

__all__ = ["classes_against"]


def classes_against(plan: Plan, reviewed: Revision, head: Revision, now: int) -> Plan:
    """Return a plan whose classes tell how far `head` is from what was last reviewed."""
    flags = tuple(_flag(flag, reviewed, head, now) for flag in plan.flags)
    return structs.replace(plan, flags=flags, class_=worst(each.class_ for each in flags))


def _flag(flag: FlagPlan, reviewed: Revision, head: Revision, now: int) -> FlagPlan:
    def judged(plan: EnvironmentPlan) -> EnvironmentPlan:
        if plan.status == "unknown" or reviewed.does_not_build(
            flag.tenant, plan.environment, flag.flag
        ):
            return structs.replace(plan, class_="high")
        scenes = (each.scene(flag.tenant, plan.environment) for each in (reviewed, head))
        before, after = (None if scene is None else scene.side(flag.flag) for scene in scenes)
        if before is None and after is None:
            return plan
        found = plan_environment(plan.environment, before, after, now, reviewed.settings)
        return structs.replace(plan, class_="none" if found is None else found.class_)

    environments = tuple(map(judged, flag.environments))
    class_ = worst(each.class_ for each in environments)
    return structs.replace(flag, environments=environments, class_=class_)
