"""What a flag's schedules are going to change, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from burgee.instants import format_instant
from burgee_compiler.model.flag import Flag
from burgee_compiler.resolve import Phase
from burgee_compiler.words.differences import differences

__all__ = ["Change", "changes"]


class Change(Struct, frozen=True):
    """What changes at an instant, a line for each thing."""

    at: str
    what: tuple[str, ...]


def changes(now: Flag, later: Sequence[Phase]) -> list[Change]:
    """Return the changes from `now` through the phases to come; steps without effect left out."""
    found: list[Change] = []
    before = now
    for phase in later:
        what = tuple(each.text for each in differences(before, phase.flag))
        if what and phase.at is not None:
            found.append(Change(format_instant(phase.at), what))
        before = phase.flag
    return found
