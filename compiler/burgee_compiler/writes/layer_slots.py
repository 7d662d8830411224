"""Slots of a layer for an experiment, out of what is free: nobody who has some loses any."""

from __future__ import annotations

from decimal import Decimal

from burgee_compiler.checks.ranges import Claim, free_ranges, percent
from burgee_compiler.diagnostics import nearest
from burgee_compiler.edit import Set, Value, new_file
from burgee_compiler.edit.tree import find
from burgee_compiler.model.files import Layer
from burgee_compiler.repository import TenantFiles
from burgee_compiler.writes.changes import Writing
from burgee_compiler.writes.paths import field_path
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["add_slots"]

_Ranges = list[tuple[int, int]]


def add_slots(
    writing: Writing, files: TenantFiles, layer: str, owner: str, slots: int, *, new: bool = False
) -> _Ranges:
    """Give FLAG/RULE so many slots of a layer, more where it has some; return the new ranges.

    The rule's experiment is put into the layer if it is in none.
    """
    key, _, rule = owner.partition("/")
    known = files.layers.get(layer)
    if known is None and not new:
        near = nearest(layer, files.layers)
        hint = f"did you mean {near}?" if near else "add --new to make it"
        raise WriteRefusedError(f"{files.name} has no layer {layer!r}", hint)
    taken = _pick(Layer() if known is None else known, layer, slots)
    own = list(known.slots.get(owner, ())) if known is not None else []
    _write(writing, files, layer, owner, sorted([*own, *taken]))
    _join(writing, files.flags[key].path, rule, layer)
    return taken


def _pick(layer: Layer, name: str, slots: int) -> _Ranges:
    """Return free ranges: the first that holds all, else the first ones together."""
    claims = [Claim(*span, "", ()) for span in layer.holdout]
    claims += [Claim(*span, owner, ()) for owner, spans in layer.slots.items() for span in spans]
    free = free_ranges(claims)
    whole = next(((start, start + slots) for start, end in free if end - start >= slots), None)
    if whole is not None:
        return [whole]
    taken: _Ranges = []
    for start, end in free:
        count = min(end - start, slots - sum(e - s for s, e in taken))
        if count:
            taken.append((start, start + count))
    have = sum(end - start for start, end in taken)
    if have < slots:
        raise WriteRefusedError(
            f"{percent(have)} % of the layer {name} is free, not {percent(slots)} %",
            "take less, or remove the claim of an experiment that is over",
        )
    return taken


def _write(writing: Writing, files: TenantFiles, layer: str, owner: str, ranges: _Ranges) -> None:
    path = files.path_of_layers()
    value: list[Value] = [[_number(start), _number(end)] for start, end in _joined(ranges)]
    if writing.read(path) is None:
        writing.put(path, new_file({layer: {"slots": {owner: value}}}, path))
    else:
        writing.edit(path, [Set((layer, "slots", owner), value)])


def _join(writing: Writing, file: str, rule: str, layer: str) -> None:
    flag = writing.node(file)
    path = field_path(flag, f'rules."{rule}".experiment')
    experiment = find(flag, path)
    if not isinstance(experiment, dict):
        raise WriteRefusedError(
            f'the rule "{rule}" is no experiment',
            "give it `experiment: {status: draft, control: VARIANT}` first",
        )
    if "layer" not in experiment:
        writing.edit(file, [Set((*path, "layer"), layer)])


def _joined(ranges: _Ranges) -> _Ranges:
    made: _Ranges = []
    for start, end in ranges:
        if made and made[-1][1] == start:
            made[-1] = (made[-1][0], end)
        else:
            made.append((start, end))
    return made


def _number(slots: int) -> Decimal:
    return Decimal(percent(slots))
