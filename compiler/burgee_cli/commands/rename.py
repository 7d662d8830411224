"""`burgee rename`: another name for a flag or a rule, and no user moves."""

from __future__ import annotations

import click

from burgee_cli.editing import Editing, edits_files
from burgee_cli.effective import known_flag
from burgee_cli.outcome import No
from burgee_compiler.writes.rename import rename_flag, rename_rule

__all__ = ["command"]


@click.command("rename")
@click.argument("flag")
@click.argument("new")
@click.option("--rule", metavar="OLD", help="Rename this rule of the flag, not the flag.")
@edits_files
def command(
    editing: Editing,
    flag: str,
    new: str,
    rule: str | None,
) -> int:
    """Rename FLAG to NEW, or with --rule one of its rules, so that no user moves.

    The flag's file and lock move along, with `seed:` set to the old key; a rule keeps its old name
    as `was:`. Every place of the tenant that names it is changed too: requires, conditions,
    layers and tests. Code that asks for the old key is yours to change.

    \b
    Example:  burgee rename checkout.one-page checkout.single-page
              burgee rename checkout.one-page --rule ramp rollout
    """
    files = editing.files_with(flag)
    file = known_flag(files, flag)
    if file.flag is None:
        raise No(f"{file.path} does not read", f"`burgee check {file.path}` says why")
    repository = editing.opened.repository
    if rule is not None:
        rename_rule(editing.writing, repository, files, flag, rule, new)
    elif new != flag:
        rename_flag(editing.writing, repository, files, flag, new)
    return editing.finish(keep_locks=True)
