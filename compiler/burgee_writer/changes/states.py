"""Pulling the switch of a flag, so that it is as asked from now on.

The effective state is the base's, then the environment's, then that of schedule steps whose time
has come. So a step that has passed is folded in: it would win over what is written. Steps to come
stay, and the answer tells of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from burgee.instants import format_instant, parse_instant
from burgee_compiler.edit import Edit, Path, Remove, Set
from burgee_compiler.edit.tree import find
from burgee_compiler.model.flag import Flag, FlagOverlay
from burgee_compiler.resolve import flag_in, phases_of
from burgee_compiler.source import Node
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.working import Change, Did, Working

__all__ = ["State", "StateIn", "has_steps", "set_state", "states_of"]

State: TypeAlias = Literal["on", "off"]


class NextStep(Struct, frozen=True):
    """What a schedule will make of the state, and when."""

    at: str
    state: State


class StateIn(Struct, frozen=True):
    """A flag's switch in one environment."""

    environment: str
    state: State
    next: NextStep | None
    overrides: int
    """How many users are pinned, whatever the state, now."""


def set_state(key: str, state: State, environments: Sequence[str] | None) -> Change:
    """Make the state as asked in these environments, None for all, from now on."""
    return partial(_set_state, key, state, environments)


def states_of(flag: Flag, environments: Sequence[str], now: int) -> list[StateIn]:
    """Return how a flag's switch stands in each environment."""
    return [_state_in(flag, each, now) for each in environments]


def has_steps(flag: Flag) -> bool:
    """Return whether a flag's switch, or who is pinned, may be another one by itself."""
    parts: tuple[Flag | FlagOverlay, ...] = (flag, *flag.environments.values())
    return any(
        each.schedule or any(pinned.expires is not None for pinned in each.overrides or ())
        for each in parts
    )


def _state_in(flag: Flag, environment: str, now: int) -> StateIn:
    phases = phases_of(flag_in(flag, environment))
    here = [each.flag for each in phases if each.at is None or each.at <= now][-1]
    later = (each for each in phases if each.at is not None and each.at > now)
    change = next((each for each in later if each.flag.state != here.state), None)
    step = None
    if change is not None and change.at is not None:
        step = NextStep(format_instant(change.at), change.flag.state)
    pinned = [each for each in here.overrides if each.expires is None or each.expires > now]
    return StateIn(environment, here.state, step, len({each.user for each in pinned}))


def _set_state(key: str, state: State, environments: Sequence[str] | None, working: Working) -> Did:
    path = working.existing("flags", key)
    named = working.environments if environments is None else tuple(environments)
    for each in named:
        working.environment(each)
    before = states_of(working.flag(key), working.environments, working.now)
    if any(each.state != state for each in before if each.environment in named):
        if environments is None:
            working.writing.edit(path, _everywhere(working.node("flags", key), state, working.now))
        else:
            for each in dict.fromkeys(named):
                node = working.node("flags", key)
                working.writing.edit(path, _in_one(node, each, state, working.now))
    after = states_of(working.flag(key), working.environments, working.now)
    where = "" if environments is None else f" in {', '.join(dict.fromkeys(named))}"
    return Did(
        subject=f"switch {key} {state}{where}",
        action="flag.state",
        entity=f"flag/{key}",
        environments=() if environments is None else tuple(dict.fromkeys(named)),
        detail={"environments": [_told(*each) for each in zip(before, after, strict=True)]},
    )


def _told(before: StateIn, after: StateIn) -> dict[str, Any]:
    return {
        "environment": after.environment,
        "before": before.state,
        "after": after.state,
        "next": after.next,
        "overrides": after.overrides,
    }


def _everywhere(flag: Node, state: State, now: int) -> Iterator[Edit]:
    yield from _folded(flag, (), now)
    overlays = find(flag, ("environments",))
    for name in overlays if isinstance(overlays, dict) else ():
        yield from _folded(flag, ("environments", name), now)
        if find(flag, ("environments", name, "state")) is not None:
            yield Remove(("environments", name, "state"))
    if state == "off" or find(flag, ("state",)) is not None:
        yield Set(("state",), state)


def _in_one(flag: Node, environment: str, state: State, now: int) -> Iterator[Edit]:
    place: Path = ("environments", environment)
    if _is_plain_again(flag, environment, state):
        yield Remove((*place, "state"))  # as it was before the switch was pulled here
        return
    if find(flag, (*place, "schedule")) is not None:
        yield from _folded(flag, place, now)
    else:
        yield from _inherited(flag, environment, now)
    yield Set((*place, "state"), state)


def _is_plain_again(flag: Node, environment: str, state: State) -> bool:
    """Return whether the base alone says the same, now and later, once the overlay does not."""
    schedules = (("schedule",), ("environments", environment, "schedule"))
    steps = [find(flag, each) for each in schedules]
    if any(isinstance(each, list) and any(map(_sets_state, each)) for each in steps):
        return False
    said = find(flag, ("environments", environment, "state"))
    return said is not None and str(find(flag, ("state",)) or "on") == state


def _folded(flag: Node, place: Path, now: int) -> Iterator[Edit]:
    """Take what passed steps say of the state out of a schedule."""
    steps = find(flag, (*place, "schedule"))
    if not isinstance(steps, list):
        return
    left = [each for step in steps if (each := _without_state(step, now)) is not None]
    if left != steps:
        # In an environment an empty schedule says that the base's does not hold there.
        yield Set((*place, "schedule"), left) if left or place else Remove(("schedule",))


def _inherited(flag: Node, environment: str, now: int) -> Iterator[Edit]:
    """Write out the base's steps that are to come: they reach no field that is named here."""
    steps = find(flag, ("schedule",))
    overlay = find(flag, ("environments", environment))
    named = overlay if isinstance(overlay, dict) else {}
    if "state" in named or not isinstance(steps, list):
        return
    if not any(_sets_state(step) and not _passed(step, now) for step in steps):
        return
    kept = [each for step in steps if (each := _reaching(step, named, now)) is not None]
    if any("environments" in rule for step in kept for rule in _rules_of(step)):
        raise ChangeRefused(
            "conflict",
            f"the schedule would have to be copied into {environment}, and its rules differ by "
            "environment",
            "switch all environments, or edit the schedule in a pull request",
        )
    yield Set(("environments", environment, "schedule"), kept)


def _reaching(step: Node, named: dict[str, Node], now: int) -> Node | None:
    """Return a step of the base as it reaches an environment that names these fields."""
    step = _without_state(step, now) or {}
    sets = find(step, ("set",))
    left = (
        {name: each for name, each in sets.items() if name not in named}
        if isinstance(sets, dict)
        else {}
    )
    return {**step, "set": left} if left and isinstance(step, dict) else None


def _without_state(step: Node, now: int) -> Node | None:
    """Return a step; a passed one without the state, None where it says nothing else."""
    if not _sets_state(step) or not _passed(step, now) or not isinstance(step, dict):
        return step
    sets = step["set"]
    left = (
        {name: each for name, each in sets.items() if name != "state"}
        if isinstance(sets, dict)
        else {}
    )
    return {**step, "set": left} if left else None


def _sets_state(step: Node) -> bool:
    return find(step, ("set", "state")) is not None


def _passed(step: Node, now: int) -> bool:
    at = parse_instant(str(find(step, ("at",))))
    return at is not None and at <= now


def _rules_of(step: Node) -> list[dict[str, Node]]:
    rules = find(step, ("set", "rules"))
    return [each for each in rules if isinstance(each, dict)] if isinstance(rules, list) else []
