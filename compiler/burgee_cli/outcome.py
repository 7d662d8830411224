"""Exit codes, and the errors that carry them."""

from __future__ import annotations

from typing import Final

import click

__all__ = ["BUG", "FINDING", "INTERRUPT", "NO_CACHE", "USAGE", "No", "Usage", "counted"]

FINDING: Final = 1
USAGE: Final = 2
BUG: Final = 3
INTERRUPT: Final = 130
NO_CACHE: Final = "burgee.no-cache"
"""As a click context's object, or in what it is told: earlier runs are not asked."""


class _Told(click.ClickException):
    """An error that is told in one line, with its cure."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help

    def show(self, file: object = None) -> None:
        del file
        click.echo(f"error: {self.message}", err=True)
        if self.help:
            click.echo(f"  = help: {self.help}", err=True)


class No(_Told):
    """The answer is no: an unknown flag, a refused input. Exit 1."""

    exit_code = FINDING


class Usage(_Told):
    """The command cannot be carried out as it was given. Exit 2."""

    exit_code = USAGE


def counted(number: int, thing: str) -> str:
    """Return a number and what it counts, in the plural where it is one."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
