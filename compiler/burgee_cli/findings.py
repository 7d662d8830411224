"""Printing findings in the format that was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from burgee_cli.opened import Opened
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.place import Located, below, place
from burgee_compiler.diagnostics.render_github import render_github
from burgee_compiler.diagnostics.render_json import render_json
from burgee_compiler.diagnostics.render_sarif import render_sarif
from burgee_compiler.diagnostics.render_text import render_text
from burgee_compiler.diagnostics.summary import summary
from burgee_compiler.trees import inside_git

__all__ = ["format_option", "print_findings", "wants_colour"]

F = TypeVar("F", bound=Callable[..., Any])
_FORMATS: Final = ("text", "json", "github", "sarif")


def format_option(function: F) -> F:
    """Add `--format` and its short form `--json`."""
    function = click.option(
        "--format",
        "form",
        type=click.Choice(_FORMATS),
        default="text",
        show_default=True,
        help="How findings are printed.",
    )(function)
    return click.option("--json", "as_json", is_flag=True, help="The same as --format json.")(
        function
    )


def wants_colour() -> bool:
    """Return whether standard output is a terminal that takes colours."""

    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def print_findings(
    found: Sequence[Diagnostic], opened: Opened, form: str, good: str, *, err: bool = False
) -> None:
    """Print findings; `good` is said where text has none to print. `err`: to standard error."""
    located = place(found, opened.read)
    if form in ("github", "sarif"):  # which take names from the top of the git repository
        located = below(inside_git(opened.root), located)
    if form == "json":
        click.echo(render_json(located).rstrip("\n"))
    elif form == "sarif":
        click.echo(render_sarif(located).rstrip("\n"))
    elif form == "github":
        click.echo(render_github(located), nl=False)
    else:
        _print_text(located, good, err)


def _print_text(located: Sequence[Located], good: str, err: bool) -> None:
    if located:
        click.echo(render_text(located, colour=wants_colour() and not err).rstrip("\n"), err=err)
        click.echo(err=err)
    click.echo(summary(located) if located else good, err=err)
