"""What a flag's schedules are going to change, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from burgee.instants import format_instant
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.distribution import Default, Moving, Serve
from burgee_compiler.model.flag import Flag, Rule
from burgee_compiler.resolve import Phase
from burgee_compiler.words.conditions import condition_text

__all__ = ["Change", "changes"]

_FLAG_FIELDS: Final = ("state", "off_variant", "default")
_RULE_FIELDS: Final = ("percentage", "serve", "when")


class Change(Struct, frozen=True):
    """What changes at an instant, a line for each thing."""

    at: str
    what: tuple[str, ...]


def changes(now: Flag, later: Sequence[Phase]) -> list[Change]:
    """Return the changes from `now` through the phases to come; steps without effect left out."""
    found: list[Change] = []
    before = now
    for phase in later:
        what = tuple(_differences(before, phase.flag))
        if what and phase.at is not None:
            found.append(Change(format_instant(phase.at), what))
        before = phase.flag
    return found


def _differences(before: Flag, after: Flag) -> Iterator[str]:
    for field in _FLAG_FIELDS:
        yield from _field("", field, getattr(before, field), getattr(after, field))
    if before.overrides != after.overrides:
        yield f"overrides: {len(before.overrides)} → {len(after.overrides)} users"
    old = {rule.name: rule for rule in before.rules}
    new = {rule.name: rule for rule in after.rules}
    for name in old.keys() - new.keys():
        yield f"rule {name} goes"
    for name, rule in new.items():
        if name not in old:
            yield f"rule {name} comes"
        else:
            yield from _rule(old[name], rule)
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield "rules change their order"


def _rule(before: Rule, after: Rule) -> Iterator[str]:
    for field in _RULE_FIELDS:
        yield from _field(
            f"rule {after.name}: ", field, getattr(before, field), getattr(after, field)
        )


def _field(prefix: str, field: str, before: Any, after: Any) -> Iterator[str]:
    if before != after:
        yield f"{prefix}{field} {_shown(field, before)} → {_shown(field, after)}"


def _shown(field: str, value: Any) -> str:
    if isinstance(value, Condition):
        return f"[{condition_text(value)}]"
    if isinstance(value, Serve):
        return _serve(value)
    if isinstance(value, Default):
        part = "" if value.percentage is None else f" to {_percentage(value.percentage)}"
        return _serve(value.serve) + part
    if field == "percentage":
        return _percentage(value)
    return "none" if value is None else str(value)


def _serve(serve: Serve) -> str:
    if serve.split is None:
        return serve.variant or ""
    return "{" + ", ".join(f"{name}: {weight}" for name, weight in serve.split.items()) + "}"


def _percentage(value: int | Moving | None) -> str:
    if value is None:
        return "100 %"
    if isinstance(value, Moving):
        return f"{value.from_ / 1000:g}–{value.to / 1000:g} %"
    return f"{value / 1000:g} %"
