"""How a flag stands in each environment, from each instant on, and where its rules then stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET, Struct

from burgee_compiler.checks.walk import Path
from burgee_compiler.model.flag import Flag, FlagStep
from burgee_compiler.resolve import flag_in, phases_of

__all__ = ["Standing", "standings_of"]


class Standing(Struct, frozen=True):
    """A flag without overlays and schedules, as it is in some environments from some instant on."""

    environments: tuple[str, ...]
    flag: Flag
    rules: Path
    """Where the list of its rules stands."""
    is_last: bool
    """Whether no step of a schedule changes it any more."""


def standings_of(flag: Flag, environments: Sequence[str]) -> list[Standing]:
    """Return every state that a flag is in, those of one environment in the order of time.

    Environments that the flag does not name are taken together.
    """
    named = _named(flag)
    alike = tuple(each for each in environments if each not in named)
    groups = [(each,) for each in environments if each in named]
    return [standing for group in (*groups, alike) if group for standing in _of(flag, group)]


def _of(flag: Flag, environments: tuple[str, ...]) -> Iterator[Standing]:
    if not flag.environments and not flag.schedule and not _busy(flag):
        yield Standing(environments, flag, ("rules",), True)
        return
    phases = phases_of(flag_in(flag, environments[0]))
    for number, phase in enumerate(phases, start=1):
        path = _rules_at(flag, environments[0], phase.at)
        yield Standing(environments, phase.flag, path, number == len(phases))


def _busy(flag: Flag) -> bool:
    return any(rule.environments or rule.schedule for rule in flag.rules)


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
