"""`burgee schema`: the JSON Schemas of all files, for editors and other readers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from burgee_cli.outcome import FINDING, Usage
from burgee_compiler.schema import SCHEMAS, schema_files, schema_text

__all__ = ["command"]

_FOLDER: Final = "schemas"


@click.command("schema")
@click.argument("kind", required=False, metavar="[KIND]", type=click.Choice(list(SCHEMAS)))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Write all into DIR.")
@click.option(
    "--check",
    "stale",
    metavar="[DIR]",
    is_flag=False,
    flag_value=_FOLDER,
    type=click.Path(path_type=Path),
    help=f"Exit 1 where files in DIR (default: {_FOLDER}) are not as --out would write them.",
)
def command(kind: str | None, out: Path | None, stale: Path | None) -> int:
    """Print the JSON Schema of one KIND of file, or write all of them.

    Editors complete and check flags by them (`burgee init` sets one up), and other readers see
    what a snapshot holds. Without KIND, the kinds are listed.

    \b
    Example:  burgee schema flag > flag.schema.json
              burgee schema --out schemas
    """
    if sum(each is not None for each in (kind, out, stale)) > 1:
        raise Usage("KIND, --out and --check exclude each other", "name one of them")
    if kind is not None:
        click.echo(schema_text(kind), nl=False)
    elif out is not None:
        _write(out)
    elif stale is not None:
        return _compare(stale)
    else:
        click.echo("\n".join(SCHEMAS))
    return 0


def _write(folder: Path) -> None:
    files = schema_files()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Usage(f"{folder} cannot be written: {error.strerror or error}") from error
    click.echo(f"{len(files)} schemas written to {folder}")


def _compare(folder: Path) -> int:
    files = schema_files()
    stale = [name for name, text in files.items() if _text(folder / name) != text]
    stale += sorted(path.name for path in folder.glob("*.schema.json") if path.name not in files)
    for name in stale:
        click.echo(f"{folder / name} is stale")
    if stale:
        click.echo(f"  = help: run `burgee schema --out {folder}`", err=True)
        return FINDING
    click.echo(f"{len(files)} schemas in {folder} are current")
    return 0


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
