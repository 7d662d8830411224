"""What a definition says in one environment, and from which instant on.

Effective fields are the base, then the environment's, then schedule steps whose time has come.
"""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import UNSET, Struct, structs

from burgee_compiler.model.files import Segment
from burgee_compiler.model.flag import Flag, Rule, RuleStep

__all__ = ["Phase", "flag_at", "flag_in", "phases_after", "phases_of", "segment_in"]

S = TypeVar("S", bound=Struct)


class Phase(Struct, frozen=True):
    """A flag as it stands from `at` on (None: from the beginning), without schedules."""

    at: int | None
    flag: Flag


def segment_in(segment: Segment, environment: str) -> Segment:
    """Return a segment as it is in an environment."""
    overlay = segment.environments.get(environment)
    named = {} if overlay is None else _named(overlay)
    return structs.replace(segment, **named, environments={}) if named else segment


def flag_in(flag: Flag, environment: str) -> Flag:
    """Return a flag as it is in an environment, its schedules still to come."""
    overlay = flag.environments.get(environment)
    named = {} if overlay is None else _named(overlay)
    rules = named.get("rules", flag.rules)
    steps = named.get("schedule")
    if steps is None:
        steps = tuple(each for step in flag.schedule if (each := _without(step, named)) is not None)
    return structs.replace(
        flag,
        **{
            **named,
            "rules": tuple(_rule_in(rule, environment) for rule in rules),
            "schedule": tuple(_step_in(step, environment) for step in steps),
            "environments": {},
        },
    )


def phases_of(flag: Flag) -> list[Phase]:
    """Return what `flag`, as `flag_in` gave it, is from each instant of its schedules on."""
    instants = sorted(set(_instants(flag)))
    return [Phase(at, _flag_at(flag, at)) for at in (None, *instants)]


def flag_at(flag: Flag, environment: str, now: int) -> Flag:
    """Return the flag's effective fields in an environment, without schedules."""
    phases = phases_of(flag_in(flag, environment))
    return [phase.flag for phase in phases if phase.at is None or phase.at <= now][-1]


def phases_after(flag: Flag, environment: str, now: int) -> list[Phase]:
    """Return what the flag's schedules make of it later than `now`."""
    phases = phases_of(flag_in(flag, environment))
    return [phase for phase in phases if phase.at is not None and phase.at > now]


def _rule_in(rule: Rule, environment: str) -> Rule:
    overlay = rule.environments.get(environment)
    if overlay is None:
        return rule if not rule.environments else structs.replace(rule, environments={})
    named = _named(overlay)
    steps = named.get("schedule")
    if steps is None:
        steps = tuple(each for step in rule.schedule if (each := _without(step, named)) is not None)
    return structs.replace(rule, **{**named, "schedule": steps, "environments": {}})


def _step_in(step: Any, environment: str) -> Any:
    if step.set.rules is UNSET:
        return step
    rules = tuple(_rule_in(rule, environment) for rule in step.set.rules)
    return structs.replace(step, set=structs.replace(step.set, rules=rules))


def _without(step: S, named: dict[str, Any]) -> S | None:
    """Return an inherited step without the fields that the environment names."""
    kept = {name: value for name, value in _named(step.set).items() if name not in named}  # type: ignore[attr-defined]
    if not kept:
        return None
    return structs.replace(step, set=type(step.set)(**kept))  # type: ignore[attr-defined]


def _instants(flag: Flag) -> list[int]:
    rules = list(flag.rules)
    for step in flag.schedule:
        if step.set.rules is not UNSET:
            rules += step.set.rules
    return [step.at for step in flag.schedule] + [
        step.at for rule in rules for step in rule.schedule
    ]


def _flag_at(flag: Flag, at: int | None) -> Flag:
    named: dict[str, Any] = {}
    for step in flag.schedule:
        if at is not None and step.at <= at:
            named.update(_named(step.set))
    rules = tuple(_rule_at(rule, at) for rule in named.get("rules", flag.rules))
    return structs.replace(flag, **{**named, "rules": rules, "schedule": ()})


def _rule_at(rule: Rule, at: int | None) -> Rule:
    if not rule.schedule:
        return rule
    named: dict[str, Any] = {}
    steps: tuple[RuleStep, ...] = rule.schedule
    for step in steps:
        if at is not None and step.at <= at:
            named.update(_named(step.set))
    return structs.replace(rule, **{**named, "schedule": ()})


def _named(overlay: Struct) -> dict[str, Any]:
    """Return the fields that an overlay or a step names."""
    values = {name: getattr(overlay, name) for name in overlay.__struct_fields__}
    return {name: value for name, value in values.items() if value is not UNSET}
