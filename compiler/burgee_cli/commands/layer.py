"""`burgee layer`: slots for experiments that must not share users."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click

from burgee_cli.editing import Editing, edits_files
from burgee_cli.effective import known_flag
from burgee_cli.outcome import Usage
from burgee_compiler.checks.ranges import percent
from burgee_compiler.writes.layer_slots import add_slots

__all__ = ["command"]


@click.group("layer")
def command() -> None:
    """Give experiments their slots in a layer; experiments of one layer share no users."""


@command.command("add", short_help="give an experiment free slots of a layer")
@click.argument("layer")
@click.argument("experiment", metavar="FLAG/RULE")
@click.argument("share", metavar="PERCENT")
@click.option("--new", is_flag=True, help="Make the layer if it is not there.")
@edits_files
def add(
    editing: Editing,
    layer: str,
    experiment: str,
    share: str,
    new: bool,
) -> int:
    """Give FLAG/RULE so many PERCENT of LAYER, out of what is free.

    Explicit ranges are written to layers.yaml; no other experiment's slots are touched, and one
    that has slots already gets these besides. The rule's experiment is put into the layer if it is
    in none.

    \b
    Example:  burgee layer add checkout checkout.one-page/placement-test 25
    """
    slots = _slots(share)
    flag, slash, rule = experiment.partition("/")
    if not slash or not rule:
        raise Usage(f"{experiment!r} names no rule", "write FLAG/RULE")
    files = editing.files_with(flag)
    known_flag(files, flag)
    taken = add_slots(editing.writing, files, layer, experiment, slots, new=new)
    shown = ", ".join(f"[{percent(start)}, {percent(end)}]" for start, end in taken)
    editing.notes.append(f"{experiment} has {shown} of {layer} from now on")
    return editing.finish()


def _slots(share: str) -> int:
    try:
        slots = Decimal(share.removesuffix("%")) * 1000
    except InvalidOperation:
        slots = Decimal(-1)
    if not 0 < slots <= 100_000 or slots != slots.to_integral_value():
        raise Usage(f"{share!r} is no share", "write percent with at most three decimals: 12.5")
    return int(slots)
