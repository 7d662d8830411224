"""What a change does to real contexts: how many get another answer, and from which rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import structs

from burgee.evaluation import Result, TenantFlags
from burgee_compiler.plan.compare import Revision
from burgee_compiler.plan.report import Answer, EnvironmentPlan, FlagPlan, Plan, Real, Transition

__all__ = ["BadContexts", "read_contexts", "with_contexts"]

Contexts: TypeAlias = "list[dict[str, Any]]"

_EXAMPLES: Final = 5
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])


class BadContexts(ValueError):
    """A line of a file of contexts that holds no context."""


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


def with_contexts(plan: Plan, base: Revision, head: Revision, now: int, contexts: Contexts) -> Plan:
    """Return the plan with what it does to these contexts."""
    flags = tuple(_flag(flag, base, head, now, contexts) for flag in plan.flags)
    return structs.replace(plan, flags=flags)


def _flag(flag: FlagPlan, base: Revision, head: Revision, now: int, contexts: Contexts) -> FlagPlan:
    done: dict[tuple[str | None, str | None], Real] = {}
    found: list[EnvironmentPlan] = []
    for each in flag.environments:
        scenes = (side.scene(flag.tenant, each.environment) for side in (base, head))
        flags = [None if scene is None else scene.flags for scene in scenes]
        # Environments that say the same need not be asked twice.
        which = tuple(
            None if there is None or flag.flag not in there else there.digest(flag.flag)
            for there in flags
        )
        key = which[0], which[1]
        if key not in done:
            done[key] = _real(flags[0], flags[1], flag.flag, now, contexts)
        found.append(structs.replace(each, real=done[key]))
    return structs.replace(flag, environments=tuple(found))


def _real(
    before: TenantFlags | None, after: TenantFlags | None, key: str, now: int, contexts: Contexts
) -> Real:
    counts: dict[tuple[Any, Any], int] = {}
    examples: dict[tuple[Any, Any], list[int]] = {}
    for number, pair in enumerate(_pairs(before, after, key, now, contexts), 1):
        old, new = pair
        if old.variant == new.variant and old.value == new.value:
            continue
        change = old.answer, new.answer
        counts[change] = counts.get(change, 0) + 1
        seen = examples.setdefault(change, [])
        if len(seen) < _EXAMPLES:
            seen.append(number)
    transitions = [
        Transition(_answer(old), _answer(new), count, tuple(examples[old, new]))
        for (old, new), count in counts.items()
    ]
    transitions.sort(key=lambda each: (-each.count, repr(each.before), repr(each.after)))
    return Real(len(contexts), sum(counts.values()), tuple(transitions))


def _pairs(
    before: TenantFlags | None, after: TenantFlags | None, key: str, now: int, contexts: Contexts
) -> Iterator[tuple[Result, Result]]:
    nothing = TenantFlags("", {}, {}, _no_members)
    old, new = (nothing if each is None else each for each in (before, after))
    for context in contexts:
        yield old.evaluate(key, context, now), new.evaluate(key, context, now)


def _no_members(digest: str) -> Any:
    raise KeyError(digest)


def _answer(answer: Any) -> Answer:
    failed = answer.openfeature_reason == "ERROR"
    return Answer(answer.variant, answer.reason if failed else answer.rule)
