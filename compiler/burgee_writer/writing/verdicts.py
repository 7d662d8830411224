"""What the policy at the parent says of a change, and what a token may change at all."""

from __future__ import annotations

from typing import Final, Protocol

from burgee_compiler.plan.policy import is_restore, judge_plan
from burgee_compiler.plan.report import FlagPlan, Plan
from burgee_compiler.plan.reviewed import classes_against
from burgee_writer.changes.working import readable
from burgee_writer.tips.tip import Tip
from burgee_writer.writing.judging import Judged
from burgee_writer.writing.refusals import WriteRefused
from burgee_writer.writing.request import WriteRequest
from burgee_writer.writing.reviewed import Reviewed

__all__ = ["Kill", "KillsOf", "require_allowed", "with_verdict"]


_SHOWN: Final = 3


class Kill(Protocol):
    """A commit of a writer that switched a flag off."""

    @property
    def parent(self) -> str | None: ...
    @property
    def subject(self) -> str: ...
    @property
    def at(self) -> int: ...


class KillsOf(Protocol):
    """Finds who switched a flag off last, and when."""

    def __call__(self, tenant: str, flag: str) -> Kill | None: ...


def with_verdict(
    judged: Judged, tip: Tip, by: str, reviewed: Reviewed, kills: KillsOf, now: int
) -> Plan:
    """Return the plan with classes against what was reviewed last, and the policy's verdicts.

    `by` is the author, as commits name them.
    """
    made = judged.plan
    burgee = tip.repository.burgee
    if burgee is None or not burgee.policy:
        return made
    assert tip.commit is not None
    last = reviewed.commit(tip.commit)
    if last != tip.commit and judged.sides.names:
        before = reviewed.revision(last, judged.sides.names)
        made = classes_against(made, before, judged.sides.head, now)
    switched_on = [
        flag for flag in made.flags if any("restore" in e.kinds for e in flag.environments)
    ]
    restores = all(
        _restores(flag, judged, by, kills(flag.tenant, flag.flag), reviewed, now)
        for flag in switched_on
    )
    environments = judged.sides.head.environments
    return judge_plan(
        made, burgee.policy, environments, restores_own_kill=bool(switched_on) and restores
    )


def _restores(
    flag: FlagPlan, judged: Judged, by: str, kill: Kill | None, reviewed: Reviewed, now: int
) -> bool:
    """Return whether a flag gets back the bytes that it had before a kill of the caller's own."""
    if kill is None or kill.parent is None:
        return False
    before, after = reviewed.read(kill.parent, flag.file), judged.head.files.read(flag.file)
    if before is None:
        return False
    if readable(before, flag.file) == readable(after, flag.file) is not None:
        after = before  # `state: on` may be written or left out
    return is_restore(
        by=by,
        killed_by=kill.subject,
        at=now,
        killed_at=kill.at,
        now=after,
        before_the_kill=before,
    )


def require_allowed(plan: Plan, request: WriteRequest) -> None:
    """Refuse what the token may not change, or the policy keeps from being written at once."""
    touched = {each.environment for flag in plan.flags for each in flag.environments}
    foreign = [] if request.environments is None else sorted(touched - request.environments)
    if foreign:
        raise WriteRefused(
            "environment_forbidden",
            f"This token may not change {', '.join(foreign)}.",
            {"environments": foreign, "plan": plan},
        )
    if request.environments is not None and plan.found:
        raise WriteRefused(
            "environment_forbidden",
            "What this changes elsewhere is not known, since something there does not build.",
            {"plan": plan},
        )
    verdict = "allow" if plan.verdict is None else plan.verdict.then
    if verdict == "deny" and not request.dry_run:
        raise WriteRefused(
            "denied",
            f"The policy does not allow this change{_where(plan, verdict)}.",
            {"plan": plan},
        )
    if verdict == "review" and not (request.propose or request.dry_run):
        raise WriteRefused(
            "review_required",
            f"The policy wants this change reviewed{_where(plan, verdict)}.",
            {"plan": plan, "propose": "make the same call with ?propose=true"},
        )


def _where(plan: Plan, verdict: str) -> str:
    """Return which flags a verdict is of, and by which line of the policy."""
    found = [
        f"{flag.flag} in {each.environment}, " + _line(each.verdict.line)
        for flag in plan.flags
        for each in flag.environments
        if each.verdict is not None and each.verdict.then == verdict
    ]
    more = [f"{len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return ": " * bool(found) + "; ".join(found[:_SHOWN] + more)


def _line(number: int | None) -> str:
    return "which none of its lines allows" if number is None else f"by its line {number}"
