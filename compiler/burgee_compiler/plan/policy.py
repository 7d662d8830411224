"""What the policy says of a change: a pure function that the command and the writer share.

The first line that matches decides; where none does, it is a review. A change of several kinds
takes the strictest answer, and a plan that of all its flags. Without a policy all is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from msgspec import structs

from burgee_compiler.load import ROOT_FILE
from burgee_compiler.model.files import Policy
from burgee_compiler.plan.report import EnvironmentPlan, FlagPlan, Plan, PlanClass, Verdict

__all__ = ["RESTORE_MICROS", "is_restore", "judge", "judge_plan", "strictest"]

RESTORE_MICROS: Final = 24 * 3_600 * 1_000_000
"""How long after one's own kill switching on again is a `restore`."""

_STRICTNESS: Final[dict[Literal["allow", "review", "deny"], int]] = {
    "allow": 0,
    "review": 1,
    "deny": 2,
}
_REVIEW: Final = Verdict("review")
_ALLOW: Final = Verdict("allow")


def judge(
    policy: Sequence[Policy],
    *,
    tenant: str,
    environment: str,
    kinds: Iterable[str],
    class_: PlanClass,
    flag_kind: str | None = None,
    restores_own_kill: bool = False,
) -> Verdict:
    """Return what a policy says of a change to one flag in one environment.

    A flag that is switched on is a `restore` only where somebody undoes a kill of their own
    (`is_restore`); else it is a `ramp_up`, since users get something that they did not have.
    """
    if not policy:
        return _ALLOW
    meant = {
        "ramp_up" if kind == "restore" and not restores_own_kill else kind for kind in kinds
    } or {"none"}
    return strictest(
        _first(policy, tenant, environment, kind, class_, flag_kind) for kind in sorted(meant)
    )


def is_restore(
    *, by: str, killed_by: str, at: int, killed_at: int, now: bytes, before_the_kill: bytes
) -> bool:
    """Return whether switching on undoes one's own kill within a day, to the same bytes.

    `now` is the flag's file as it would be written. Instants are in microseconds.
    """
    in_time = 0 <= at - killed_at <= RESTORE_MICROS
    return by == killed_by and in_time and now == before_the_kill


def judge_plan(
    plan: Plan,
    policy: Sequence[Policy],
    environments: Sequence[str],
    *,
    restores_own_kill: bool = False,
) -> Plan:
    """Return a plan with the verdict of each flag and environment, and the strictest of all.

    `policy` is that of the base: no change can allow itself, and to change burgee.yaml is always
    for a review. `environments` are those that a file without effect is judged in.
    """
    if not policy:
        return plan
    flags = tuple(_flag(flag, policy, restores_own_kill) for flag in plan.flags)
    found = [
        each.verdict for flag in flags for each in flag.environments if each.verdict is not None
    ]
    found += _without_effect(plan, policy, environments)
    return structs.replace(plan, flags=flags, verdict=strictest(found))


def _flag(flag: FlagPlan, policy: Sequence[Policy], restores_own_kill: bool) -> FlagPlan:
    def judged(plan: EnvironmentPlan) -> EnvironmentPlan:
        verdict = judge(
            policy,
            tenant=flag.tenant,
            environment=plan.environment,
            kinds=plan.kinds,
            class_=plan.class_,
            flag_kind=flag.kind,
            restores_own_kill=restores_own_kill,
        )
        return structs.replace(plan, verdict=verdict)

    return structs.replace(flag, environments=tuple(map(judged, flag.environments)))


def _without_effect(
    plan: Plan, policy: Sequence[Policy], environments: Sequence[str]
) -> Iterator[Verdict]:
    named = {path for flag in plan.flags for path in (flag.file, *flag.because_of)}
    if ROOT_FILE in named | set(plan.without_effect) or plan.found:
        yield _REVIEW
    for tenant in sorted({path.partition("/")[0] for path in plan.without_effect if "/" in path}):
        for environment in environments:
            yield judge(
                policy, tenant=tenant, environment=environment, kinds=("none",), class_="none"
            )


def strictest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the strictest of several verdicts, the first of those; allowed where there is none."""
    return max(verdicts, key=lambda each: _STRICTNESS[each.then], default=_ALLOW)


def _first(
    policy: Sequence[Policy],
    tenant: str,
    environment: str,
    kind: str,
    class_: str,
    flag_kind: str | None,
) -> Verdict:
    for number, line in enumerate(policy, 1):
        if (
            (not line.tenants or tenant in line.tenants)
            and (not line.environments or environment in line.environments)
            and (line.flag_kind is None or line.flag_kind == flag_kind)
            and (not line.change or kind in line.change)
            and (not line.class_ or class_ in line.class_)
        ):
            return Verdict(line.then, number)
    return _REVIEW
