"""How a flag stands in each environment, from each instant on, and where its rules then stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET, Struct

from burgee_compiler.checks.walk import Path
from burgee_compiler.model.flag import Flag, FlagStep
from burgee_compiler.resolve import flag_in, phases_of

__all__ = ["Standing", "standings_of"]


class Standing(Struct, frozen=True):
    """A flag as it is in some environments from some instant on; its overlays and schedules, and
    those of its rules, say nothing here."""

    environments: tuple[str, ...]
    flag: Flag
    rules: Path
    """Where the list of its rules stands."""
    is_last: bool
    """Whether no step of a schedule changes it any more."""


def standings_of(flag: Flag, environments: Sequence[str]) -> Iterator[Standing]:
    """Yield every state that a flag is in, those of one environment in the order of time.

    Environments that the flag does not name are taken together, and first: what they are at the
    beginning is what is written, and often enough to know.
    """
    named = _named(flag)
    alike = tuple(each for each in environments if each not in named)
    if alike:
        yield from _of(flag, alike)
    for each in environments:
        if each in named:
            yield from _of(flag, (each,))


def _of(flag: Flag, environments: tuple[str, ...]) -> Iterator[Standing]:
    place = environments[0]
    later = bool(flag.schedule) or any(rule.schedule for rule in flag.rules)
    if place not in flag.environments and not any(
        place in each.environments for each in flag.rules
    ):
        yield Standing(environments, flag, ("rules",), not later)
        phases = phases_of(flag_in(flag, place))[1:] if later else []
    else:
        phases = phases_of(flag_in(flag, place))
    for number, phase in enumerate(phases, start=1):
        path = _rules_at(flag, place, phase.at)
        yield Standing(environments, phase.flag, path, number == len(phases))


def _named(flag: Flag) -> set[str]:
    lists = [flag.rules, *(step.set.rules for step in flag.schedule)]
    rules = [rule for each in lists if each is not UNSET for rule in each]
    return {*flag.environments, *(name for rule in rules for name in rule.environments)}


def _rules_at(flag: Flag, environment: str, at: int | None) -> Path:
    """Return which list of rules is in effect: the base's, the environment's, or a step's."""
    overlay = flag.environments.get(environment)
    steps: Sequence[FlagStep] = flag.schedule
    path: Path = ()
    before: Path = ("rules",)
    if overlay is not None:
        if overlay.rules is not UNSET:
            before = ("environments", environment, "rules")
            steps = ()  # a schedule of the base does not reach what the environment names
        if overlay.schedule is not UNSET:
            steps, path = overlay.schedule, ("environments", environment)
    come = [
        index
        for index, step in enumerate(steps)
        if at is not None and step.at <= at and step.set.rules is not UNSET
    ]
    return (*path, "schedule", come[-1], "set", "rules") if come else before
