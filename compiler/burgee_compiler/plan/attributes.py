"""Flags that ask for an attribute whose declaration changed: its type is how queries are read."""

from __future__ import annotations

from collections.abc import Iterator

from burgee.snapshot.forms import ConditionForm
from burgee_compiler.emit.tenant import conditions_in
from burgee_compiler.plan.side import Scene, Side
from burgee_compiler.words.differences import Difference

__all__ = ["read_otherwise"]

_READ_AS_TEXT = "string"


def read_otherwise(before: Scene | None, after: Scene | None) -> dict[str, list[Difference]]:
    """Return what is declared differently, by the flags that ask for it."""
    if before is None or after is None:
        return {}
    changed = dict(_changed(before, after))
    found: dict[str, list[Difference]] = {}
    if changed:
        for key in after.forms.entries:
            side = after.side(key)
            for path in sorted(changed.keys() & _asked(side)) if side is not None else ():
                found.setdefault(key, []).append(Difference("retarget", changed[path]))
    return found


def _changed(before: Scene, after: Scene) -> Iterator[tuple[str, str]]:
    old, new = before.forms.attributes, after.forms.attributes
    for path in sorted(old.keys() | new.keys()):
        types = [each.get(path, _READ_AS_TEXT) for each in (old, new)]
        if types[0] != types[1]:
            shown = f"{types[0]} → {types[1]}"
            yield path, f"attribute {path} {shown}: so it is read in a query, and not in JSON"


def _asked(side: Side) -> set[str]:
    """Return the attributes that a flag's own form asks for, through segments too."""
    found: set[str] = set()
    for phase in side.form.phases:
        found.add(phase.default.by)
        for rule in phase.rules:
            found |= {rule.by, *_paths(rule.when)}
    for digest in side.segments.values():
        segment = side.scene.segment(digest)
        found |= {segment.by, *_paths(segment.when)}
    return found


def _paths(when: ConditionForm | None) -> Iterator[str]:
    for each in () if when is None else conditions_in(when):
        if each.attribute is not None:
            yield each.attribute
