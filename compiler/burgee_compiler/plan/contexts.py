"""What a change does to real contexts: how many get another answer, and from which rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct, structs

from burgee.evaluation import Result, TenantFlags
from burgee.snapshot.canonical import canonical
from burgee_compiler.cache.helper import start_helper
from burgee_compiler.collector import collector_paused
from burgee_compiler.plan.compare import Revision
from burgee_compiler.plan.report import Answer, EnvironmentPlan, FlagPlan, Plan, Real, Transition

__all__ = ["BadContexts", "read_contexts", "with_contexts"]

Contexts: TypeAlias = "list[dict[str, Any]]"

_EXAMPLES: Final = 5
_AT_ONCE: Final = 50
_LEAST: Final = 200_000
"""Evaluations below which a second process costs more than it saves."""
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])


class BadContexts(ValueError):
    """A line of a file of contexts that holds no context."""


@collector_paused()
def read_contexts(lines: Iterable[bytes]) -> Contexts:
    """Return the contexts of a file, one JSON object a line, empty lines left out; BadContexts."""
    found: Contexts = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_DECODER.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadContexts(f"line {number} holds no JSON object: {error}") from None
    return found


@collector_paused()
def with_contexts(plan: Plan, base: Revision, head: Revision, now: int, contexts: Contexts) -> Plan:
    """Return the plan with what it does to these contexts."""
    asked: dict[Asked, Job] = {}
    for flag in plan.flags:
        for each in flag.environments:
            job = _job(base, head, flag, each.environment)
            asked.setdefault(job.asked, job)
    found = dict(zip(asked, _reals(list(asked.values()), now, contexts), strict=True))

    def told(flag: FlagPlan, each: EnvironmentPlan) -> EnvironmentPlan:
        return structs.replace(each, real=found[_job(base, head, flag, each.environment).asked])

    flags = tuple(
        structs.replace(flag, environments=tuple(told(flag, each) for each in flag.environments))
        for flag in plan.flags
    )
    return structs.replace(plan, flags=flags)


Asked: TypeAlias = "tuple[str, str, str | None, str | None]"


class Job(Struct, frozen=True):
    """One flag before and after; environments that say the same are asked once."""

    before: TenantFlags | None
    after: TenantFlags | None
    key: str
    asked: Asked


def _job(base: Revision, head: Revision, flag: FlagPlan, environment: str) -> Job:
    scenes = (side.scene(flag.tenant, environment) for side in (base, head))
    before, after = (None if scene is None else scene.flags for scene in scenes)
    old, new = (
        None if each is None or flag.flag not in each else each.digest(flag.flag)
        for each in (before, after)
    )
    return Job(before, after, flag.flag, (flag.tenant, flag.flag, old, new))


def _reals(jobs: list[Job], now: int, contexts: Contexts) -> list[Real]:
    """Return what each job does to the contexts; a helper process takes half of many."""
    half = len(contexts) // 2
    if len(contexts) * len(jobs) < _LEAST:
        return _counted(jobs, now, contexts, 0, len(contexts))

    def second() -> list[Real]:
        return _counted(jobs, now, contexts, half, len(contexts))

    helper = start_helper(lambda channel: channel.send(second()), 1)
    first = _counted(jobs, now, contexts, 0, half)
    rest = None if helper is None else helper.receive(list[Real])
    return [_sum(one, other) for one, other in zip(first, rest or second(), strict=True)]


def _counted(jobs: list[Job], now: int, contexts: Contexts, start: int, end: int) -> list[Real]:
    """Return what the jobs do to some of the contexts.

    A few contexts are asked of all flags before the next few: what was worked out of their ids is
    still at hand then.
    """
    counting = [_Counting(job, now) for job in jobs]
    for first in range(start, end, _AT_ONCE):
        some = contexts[first : min(first + _AT_ONCE, end)]
        for each in counting:
            each.add(some, first + 1)
    return [each.real(end - start) for each in counting]


def _sum(one: Real, other: Real) -> Real:
    found: dict[tuple[Answer, Answer], Transition] = {}
    for each in (*one.transitions, *other.transitions):
        change = each.before, each.after
        known = found.get(change)
        if known is not None:
            examples = (*known.examples, *each.examples)[:_EXAMPLES]
            found[change] = Transition(*change, known.count + each.count, examples)
        else:
            found[change] = each
    return Real(
        one.contexts + other.contexts, one.changed + other.changed, _in_order(found.values())
    )


def _in_order(transitions: Iterable[Transition]) -> tuple[Transition, ...]:
    return tuple(
        sorted(transitions, key=lambda each: (-each.count, repr(each.before), repr(each.after)))
    )


class _Counting:
    """Who gets another answer of one flag."""

    def __init__(self, job: Job, now: int) -> None:
        self._now = now
        self._ask = _asking(job.before, job.key), _asking(job.after, job.key)
        self._other_values = _other_values(job.before, job.after, job.key)
        self._counts: dict[tuple[Any, Any], int] = {}
        self._examples: dict[tuple[Any, Any], list[int]] = {}

    def add(self, contexts: Contexts, number: int) -> None:
        """Ask for contexts, the first of which has this number.

        Nearly all that a plan of many contexts costs is spent in this loop.
        """
        (ask, ask_later), now, other_values = self._ask, self._now, self._other_values
        for place, context in enumerate(contexts, number):
            old, new = ask(context, now, None), ask_later(context, now, None)
            if old.variant != new.variant or old.variant in other_values:
                self._count(old.answer, new.answer, place)

    def _count(self, old: Any, new: Any, number: int) -> None:
        self._counts[old, new] = self._counts.get((old, new), 0) + 1
        seen = self._examples.setdefault((old, new), [])
        if len(seen) < _EXAMPLES:
            seen.append(number)

    def real(self, contexts: int) -> Real:
        """Return what was counted."""
        transitions = [
            Transition(_answer(old), _answer(new), count, tuple(self._examples[old, new]))
            for (old, new), count in self._counts.items()
        ]
        return Real(contexts, sum(self._counts.values()), _in_order(transitions))


def _asking(flags: TenantFlags | None, key: str) -> Callable[[Any, int, None], Result]:
    """Return the fastest way to ask a flag; one that is not there gives the caller's default."""
    held = TenantFlags("", {}, {}, _no_members) if flags is None else flags
    flag = held.get(key)
    if flag is not None and not flag.depends_on:
        return flag.decide
    return lambda context, now, run: held.evaluate(key, context, now)


def _other_values(
    before: TenantFlags | None, after: TenantFlags | None, key: str
) -> set[str | None]:
    """Return the variants whose values are not the same on both sides."""
    values: list[dict[str | None, bytes]] = []
    for flags in (before, after):
        flag = None if flags is None else flags.get(key)
        form = None if flag is None else flag.definition().form
        variants = () if form is None else form.variants
        values.append({name: canonical(value) for name, value in variants})
    old, new = values
    return {name for name in old.keys() & new.keys() if old[name] != new[name]}


def _no_members(digest: str) -> Any:
    raise KeyError(digest)


def _answer(answer: Any) -> Answer:
    failed = answer.openfeature_reason == "ERROR"
    return Answer(answer.variant, answer.reason if failed else answer.rule)
