"""Scenarios in Gherkin, as far as OpenFeature's specification uses it, and running them.

A runner of some sixty lines, since the whole of Gherkin in it is a list of sentences: a library
would bring its own way to collect tests, hooks and fixtures for twelve scenarios.
"""

import re
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import msgspec

__all__ = ["Scenario", "Steps", "parse_scenarios"]

W = TypeVar("W")

_STEP: Final = re.compile(r"(Given|When|Then|And|But|\*) +(.+)")


class Scenario(msgspec.Struct, frozen=True):
    """A name, and sentences without their first words; those of the background come first."""

    name: str
    steps: tuple[str, ...]


def parse_scenarios(text: str) -> list[Scenario]:
    """Read a feature; ValueError for anything that this runner would have to leave out."""
    background: list[str] = []
    found: list[tuple[str, list[str]]] = []
    steps: list[str] | None = None
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        step = _STEP.fullmatch(line)
        if line.startswith(("#", "@", "Feature:")) or not line:
            continue
        if line == "Background:":
            steps = background
        elif line.startswith("Scenario:"):
            steps = []
            found.append((line.removeprefix("Scenario:").strip(), steps))
        elif step is not None and steps is not None:
            steps.append(step[2])
        else:
            raise ValueError(f"line {number} is not understood: {line}")
    return [Scenario(name, (*background, *steps)) for name, steps in found]


class Steps(Generic[W]):
    """What sentences do: functions of a world and of the groups of the sentence's pattern."""

    def __init__(self) -> None:
        self._known: list[tuple[re.Pattern[str], Callable[..., None]]] = []

    def __call__(self, pattern: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Say which sentences a function is for; a pattern is met whole."""

        def add(function: Callable[..., None]) -> Callable[..., None]:
            self._known.append((re.compile(pattern), function))
            return function

        return add

    def run(self, scenario: Scenario, world: W) -> None:
        """Do a scenario's steps; a sentence that is known not once but never or twice fails."""
        for sentence in scenario.steps:
            met = [
                (match, do) for pattern, do in self._known if (match := pattern.fullmatch(sentence))
            ]
            assert len(met) == 1, f"{len(met)} steps are for: {sentence}"
            match, do = met[0]
            do(world, *match.groups())
