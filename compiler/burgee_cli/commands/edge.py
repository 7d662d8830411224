"""`burgee edge`: an edge node, its options made from the node's table of settings."""

from __future__ import annotations

import click

from burgee_cli.server_options import read_given, with_options
from burgee_edge.settings import TABLE

__all__ = ["command"]


@click.command("edge")
@with_options(TABLE)
def command(**given: object) -> int:
    """Run an edge node: it serves one environment and follows what is built.

    Every option is also an environment variable, such as BURGEE_EDGE_STATE_DIR; what is given
    here wins. Prints `listening on http://HOST:PORT` once it serves. SIGTERM and Ctrl-C let
    requests under way finish.

    \b
    Example:  burgee edge --source dist --environment production --clients clients.yaml
              burgee edge --source dist --environment development --insecure
    """
    values = read_given(TABLE, given)
    from burgee_edge.serve import serve  # noqa: PLC0415  `--help` needs no server's libraries

    return serve(values)
