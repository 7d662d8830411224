"""`burgee writer`: the writer, its options made from its table of settings."""

from __future__ import annotations

import click

from burgee_cli.server_options import read_given, with_options
from burgee_writer.settings import TABLE

__all__ = ["command"]


@click.command("writer")
@with_options(TABLE)
def command(**given: object) -> int:
    """Run the writer: an HTTP API that makes each change a commit.

    Every option is also an environment variable, such as BURGEE_WRITER_STATE_DIR; what is given
    here wins. Prints `listening on http://HOST:PORT` once it serves. SIGTERM and Ctrl-C let
    requests under way finish.

    \b
    Example:  burgee writer --repo flags-repo --clients clients.yaml
              burgee writer --repo flags-repo --insecure
    """
    values = read_given(TABLE, given)
    from burgee_writer.serve import serve  # noqa: PLC0415  `--help` needs no server's libraries

    return serve(values)
