"""Everything that a definition says, each part with its path, wherever in the file it may stand.

A *part* is what may name fields: a flag, an environment's overlay of it, the `set` of a schedule
step; and the same three for a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from msgspec import UNSET, Struct

from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Segment
from burgee_compiler.model.flag import Flag, FlagStep, Rule, RuleStep

__all__ = [
    "Path",
    "flag_parts",
    "nested",
    "rule_lists",
    "rule_parts",
    "said",
    "segment_parts",
    "whens",
]

Path: TypeAlias = tuple[str | int, ...]


def said(part: Struct, field: str) -> Any:
    """Return a field of a part, None where the part does not name it or cannot have it."""
    value = getattr(part, field, None)
    return None if value is UNSET else value


def flag_parts(flag: Flag) -> Iterator[tuple[Path, Struct]]:
    """Yield a flag, its overlays, and what their schedules set."""
    yield (), flag
    yield from _sets((), flag.schedule)
    for name, overlay in flag.environments.items():
        yield ("environments", name), overlay
        if overlay.schedule is not UNSET:
            yield from _sets(("environments", name), overlay.schedule)


def rule_lists(flag: Flag) -> Iterator[tuple[Path, tuple[Rule, ...]]]:
    """Yield each list of rules: the flag's, and those that replace it."""
    for path, part in flag_parts(flag):
        rules = said(part, "rules")
        if rules:
            yield (*path, "rules"), rules


def rule_parts(path: Path, rule: Rule) -> Iterator[tuple[Path, Struct]]:
    """Yield a rule, its overlays, and what their schedules set."""
    yield path, rule
    yield from _sets(path, rule.schedule)
    for name, overlay in rule.environments.items():
        place = (*path, "environments", name)
        yield place, overlay
        if overlay.schedule is not UNSET:
            yield from _sets(place, overlay.schedule)


def segment_parts(segment: Segment) -> Iterator[tuple[Path, Struct]]:
    """Yield a segment and its overlays."""
    yield (), segment
    for name, overlay in segment.environments.items():
        yield ("environments", name), overlay


def whens(parts: Iterator[tuple[Path, Struct]]) -> Iterator[tuple[Path, Condition]]:
    """Yield each condition of the parts and all that stand in them."""
    for path, part in parts:
        when = said(part, "when")
        if when is not None:
            yield from nested((*path, "when"), when)


def nested(path: Path, condition: Condition) -> Iterator[tuple[Path, Condition]]:
    """Yield a condition and all that stand in it, with their paths."""
    yield path, condition
    for field in ("all", "any"):
        for index, each in enumerate(getattr(condition, field) or ()):
            yield from nested((*path, field, index), each)
    if condition.not_ is not None:
        yield from nested((*path, "not"), condition.not_)


def _sets(path: Path, steps: Sequence[FlagStep | RuleStep]) -> Iterator[tuple[Path, Struct]]:
    for index, step in enumerate(steps):
        yield (*path, "schedule", index, "set"), step.set
