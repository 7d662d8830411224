"""`burgee edge`: an edge node, its options made from the node's table of settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import click

from burgee_cli.outcome import Usage
from burgee_edge.settings import TABLE
from burgee_http.settings import Setting, SettingsError, read_settings

__all__ = ["command"]

_METAVARS: Final = {int: "N", float: "N", str: "TEXT"}


def _with_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add an option for each setting; the values are read by the table, not by click."""
    for setting in reversed(TABLE.settings):
        if setting.option is not None:
            function = click.option(setting.option, setting.key, **_attributes(setting))(function)
    return function


def _attributes(setting: Setting) -> dict[str, Any]:
    default = "" if setting.default in (None, (), False) else f"  [default: {_shown(setting)}]"
    attributes: dict[str, Any] = {"help": setting.help + default, "default": None}
    if setting.type is bool:
        return {**attributes, "is_flag": True}
    metavar = "|".join(setting.choices) or setting.metavar or _METAVARS.get(setting.type)
    return {**attributes, "multiple": setting.many, "metavar": metavar}


def _shown(setting: Setting) -> str:
    if isinstance(setting.default, tuple):
        return ", ".join(map(str, setting.default))
    return f"{setting.default:g}" if isinstance(setting.default, float) else str(setting.default)


@click.command("edge")
@_with_options
def command(**given: object) -> int:
    """Run an edge node: it serves one environment and follows what is built.

    Every option is also an environment variable, such as BURGEE_EDGE_STATE_DIR; what is given
    here wins. Prints `listening on http://HOST:PORT` once it serves. SIGTERM and Ctrl-C let
    requests under way finish.

    \b
    Example:  burgee edge --source dist --environment production --clients clients.yaml
              burgee edge --source dist --environment development --insecure
    """
    try:
        values = read_settings(TABLE, given, os.environ)
    except SettingsError as error:
        problems = "\n".join(f"  {problem}" for problem in error.problems)
        raise Usage(f"settings that cannot be used:\n{problems}") from error
    from burgee_edge.serve import serve  # noqa: PLC0415  `--help` needs no server's libraries

    return serve(values)
