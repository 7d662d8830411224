"""`burgee keygen`: a key pair that signs snapshots."""

from __future__ import annotations

from pathlib import Path

import click

from burgee_cli.outcome import No, Usage
from burgee_compiler.signing import PRIVATE, PUBLIC, make_keys

__all__ = ["command"]


@click.command("keygen")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> int:
    """Write an Ed25519 key pair into DIR: signing.key, which stays secret, and signing.pub.

    Make one pair for each environment. A key that is there already is never overwritten.

    \b
    Example:  burgee keygen keys/production
    """
    try:
        name = make_keys(folder)
    except FileExistsError as error:
        raise No(str(error), "name another folder; keys are rotated, not overwritten") from error
    except OSError as error:
        raise Usage(f"{folder} cannot be written: {error.strerror or error}") from error
    click.echo(f"key {name}: {folder / PRIVATE} signs (keep it secret), {folder / PUBLIC} verifies")
    return 0
