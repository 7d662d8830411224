"""`burgee segment`: ids that come into a segment, or go."""

from __future__ import annotations

from pathlib import Path

import click

from burgee_cli.editing import Editing, edits_files, environment_option
from burgee_cli.outcome import No, Usage
from burgee_compiler.diagnostics import nearest
from burgee_compiler.repository import TenantFiles
from burgee_compiler.writes.members import add_members, remove_members

__all__ = ["command"]


@click.command("segment")
@click.argument("name")
@click.argument("action", type=click.Choice(["add", "remove"]))
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option(
    "--from",
    "listed",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Take ids from a file as well, one a line.",
)
@environment_option
@edits_files
def command(
    editing: Editing,
    name: str,
    action: str,
    ids: tuple[str, ...],
    listed: Path | None,
    environment: str | None,
) -> int:
    """Add IDs to the segment NAME, or remove them.

    They go into `members:`, or into the member list that the segment names. An id that is there
    already, or is not there to be removed, is no error.

    \b
    Example:  burgee segment beta-testers add u-1001 u-1002
              burgee segment vip remove --from left.txt
    """
    wanted = [*ids, *_from(listed)]
    if not wanted:
        raise Usage("no id is named", f"write: burgee segment {name} {action} ID…")
    file = _known(editing.files, name)
    where = editing.environment(environment)
    make = add_members if action == "add" else remove_members
    done = make(editing.writing, file, wanted, where)
    without = sorted(set(wanted) - set(done))
    if without and done:
        state = "in it already" if action == "add" else "not in it"
        shown = ", ".join(without[:5]) + (f" and {len(without) - 5} more" if without[5:] else "")
        editing.notes.append(f"{state}: {shown}")
    return editing.finish()


def _from(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"{file} cannot be read: {error}") from error
    return [line for line in lines if line]


def _known(files: TenantFiles, name: str) -> str:
    found = files.segments.get(name)
    if found is None:
        near = nearest(name, files.segments)
        hint = f"did you mean {near}?" if near else f"its segments: {', '.join(files.segments)}"
        raise No(f"tenant {files.name} has no segment {name!r}", hint)
    return found.path
