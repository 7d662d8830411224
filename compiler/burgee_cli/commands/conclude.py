"""`burgee conclude`: an experiment is over."""

from __future__ import annotations

import click

from burgee_cli.editing import Editing, edits_files, environment_option
from burgee_cli.effective import known_flag
from burgee_compiler.writes.experiments import conclude
from burgee_compiler.writes.fields import overlays_of

__all__ = ["command"]


@click.command("conclude")
@click.argument("flag")
@click.argument("rule")
@click.option(
    "--winner", required=True, metavar="VARIANT", help="What the rule serves from now on."
)
@environment_option
@edits_files
def command(
    editing: Editing,
    flag: str,
    rule: str,
    winner: str,
    environment: str | None,
) -> int:
    """Conclude the experiment of FLAG's RULE: it serves the winner to all whom it admits.

    Its split, its slots in a layer and its gate stay as they are, so nobody else moves.

    \b
    Example:  burgee conclude checkout.one-page placement-test --winner one-page
    """
    file = known_flag(editing.files_with(flag), flag).path
    before = editing.writing.node(file)
    path = conclude(editing.writing, file, rule, winner, editing.environment(environment))
    for name in overlays_of(before, path):
        editing.notes.append(
            f"{name} states the experiment for itself, and keeps it as it is there"
        )
    return editing.finish()
