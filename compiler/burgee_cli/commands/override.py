"""`burgee override`: one user pinned to a variant, or let go."""

from __future__ import annotations

import click

from burgee_cli.editing import Editing, edits_files, environment_option
from burgee_cli.effective import known_flag
from burgee_cli.outcome import Usage
from burgee_compiler.source import Plain
from burgee_compiler.writes.overrides import remove_override, set_override

__all__ = ["command"]


@click.command("override")
@click.argument("flag")
@click.argument("user")
@click.argument("variant", required=False)
@click.option("--reason", metavar="TEXT", help="Why; for people.")
@click.option("--expires", metavar="TIME", help="In force before this instant.")
@click.option("--remove", is_flag=True, help="Let go of the user.")
@environment_option
@edits_files
def command(
    editing: Editing,
    flag: str,
    user: str,
    variant: str | None,
    reason: str | None,
    expires: str | None,
    remove: bool,
    environment: str | None,
) -> int:
    """Pin USER of FLAG to VARIANT, even while the flag is off.

    USER is the targeting key. An override that the user has already is replaced. Overrides of an
    environment replace those of the base as a whole: the first one written there takes them along.

    \b
    Example:  burgee override checkout.one-page u-123 one-page --reason VIP --expires 2026-12-31
              burgee override checkout.one-page u-123 --remove
    """
    if remove == (variant is not None):
        raise Usage("name a VARIANT, or --remove", "write: burgee override FLAG USER VARIANT")
    if remove and (reason is not None or expires is not None):
        raise Usage("--reason and --expires belong to a new override", "leave them out")
    file = known_flag(editing.files_with(flag), flag).path
    where = editing.environment(environment)
    if variant is None:
        remove_override(editing.writing, file, user, environment=where)
    else:
        set_override(
            editing.writing,
            file,
            user,
            variant,
            reason=reason,
            expires=None if expires is None else Plain(expires),
            environment=where,
        )
    return editing.finish()
