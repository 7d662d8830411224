"""`burgee create`: a new flag's file."""

from __future__ import annotations

import click

from burgee_cli.editing import Editing, edits_files
from burgee_cli.outcome import Usage
from burgee_compiler.edit import Value
from burgee_compiler.source import Node, Plain
from burgee_compiler.writes.create import create_flag
from burgee_compiler.writes.fields import read_value

__all__ = ["command"]

_TYPES = ("boolean", "string", "integer", "number", "object")
_KINDS = ("release", "experiment", "ops", "permission")


@click.command("create")
@click.argument("flag")
@click.option("--name", metavar="TEXT", help="A title for people.")
@click.option("--description", metavar="TEXT", help="What it switches, for people.")
@click.option("--owner", metavar="TEAM", help="The team that answers for it.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Repeatable.")
@click.option("--kind", type=click.Choice(_KINDS), help="What it is for.")
@click.option("--expires", metavar="DATE", help="By when it should be gone from code.")
@click.option("--type", "type_", type=click.Choice(_TYPES), help="Of the variants' values.")
@click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A variant, VALUE in YAML; repeatable. Left out: on and off.",
)
@click.option(
    "--default", metavar="VARIANT", help="Served to all; left out: off, else the first variant."
)
@edits_files
def command(
    editing: Editing,
    flag: str,
    variants: tuple[str, ...],
    tags: tuple[str, ...],
    expires: str | None,
    type_: str | None,
    **fields: str | None,
) -> int:
    """Create FLAG in a file of its own, off for everybody.

    FLAG is the key: its dots become folders below the tenant's flags/. Who gets it then is told by
    `burgee set`, or in the file itself.

    \b
    Example:  burgee create checkout.one-page --owner team-payments --expires 2027-03-01
              burgee create search.ranking --variant control --variant boosted
              burgee create ops.limit --type integer --variant low=5 --variant high=50
    """
    made: dict[str, Value] = {name: text for name, text in fields.items() if text is not None}
    if tags:
        made["tags"] = list(tags)
    if expires is not None:
        made["expires"] = Plain(expires)
    if type_ is not None:
        made["type"] = type_
    create_flag(editing.writing, editing.files.name, flag, made, dict(map(_variant, variants)))
    return editing.finish()


def _variant(text: str) -> tuple[str, Node | None]:
    name, equals, value = text.partition("=")
    if not name:
        raise Usage(f"--variant {text} has no name", "write NAME or NAME=VALUE")
    return name, read_value(f"variants.{name}", value) if equals else None
