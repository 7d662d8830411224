"""`burgee set`: fields of a flag, changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from burgee_cli.editing import Editing, edits_files, environment_option
from burgee_cli.effective import known_flag
from burgee_cli.outcome import Usage
from burgee_compiler.source import Node
from burgee_compiler.writes.fields import overlays_of, read_value, remove_field, set_field, steps_of

__all__ = ["command"]


@click.command("set")
@click.argument("flag")
@click.argument("assignments", nargs=-1, metavar="FIELD=VALUE…")
@click.option(
    "--remove", "removed", multiple=True, metavar="FIELD", help="Take it out; repeatable."
)
@environment_option
@edits_files
def command(
    editing: Editing,
    flag: str,
    assignments: tuple[str, ...],
    removed: tuple[str, ...],
    environment: str | None,
) -> int:
    """Set fields of FLAG in its file; comments, order and quotes stay as they are.

    FIELD is written as it stands in the file, rules by their names: state, default,
    rules.ramp.percentage, rules.ramp.weights.control (short for serve.split.control), tags. A part
    with dots in it stands in double quotes. VALUE is YAML; texts are taken as they stand, and @FILE
    reads the value from a file. A change of weights keeps users where they are, in the lock.

    \b
    Example:  burgee set checkout.one-page state=off
              burgee set checkout.one-page rules.ramp.percentage=20
              burgee set checkout.one-page rules.test.weights='{control: 50, new: 50}'
              burgee set checkout.one-page default=one-page --environment staging
              burgee set checkout.one-page --remove expires
    """
    if not assignments and not removed:
        raise Usage("nothing is set", "write FIELD=VALUE, such as state=off, or --remove FIELD")
    file = known_flag(editing.files_with(flag), flag).path
    where = editing.environment(environment)
    before = editing.writing.node(file)
    for each in assignments:
        field, value = _assignment(each)
        path = set_field(editing.writing, file, field, value, where)
        _note(editing, field, overlays_of(before, path))
        instants = steps_of(before, path)
        if instants:
            editing.notes.append(f"the schedule sets {field} too, at {', '.join(instants)}")
    for field in removed:
        remove_field(editing.writing, file, field, where)
    return editing.finish()


def _assignment(text: str) -> tuple[str, Node]:
    field, equals, value = text.partition("=")
    if not equals or not field:
        raise Usage(f"{text!r} sets nothing", "write FIELD=VALUE, such as state=off")
    if value.startswith("@"):
        try:
            value = Path(value[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Usage(f"{value[1:]} cannot be read: {error}") from error
    return field, read_value(field, value)


def _note(editing: Editing, field: str, named: Sequence[str]) -> None:
    if named:
        they = "says" if len(named) == 1 else "say"
        editing.notes.append(
            f"{', '.join(named)} {they} otherwise: this does not reach {field} there "
            "(set it with --environment)"
        )
