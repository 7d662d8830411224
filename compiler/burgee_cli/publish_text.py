"""What came of publishing, in words and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from burgee_cli.findings import print_findings
from burgee_cli.offers import Offered
from burgee_cli.outcome import counted
from burgee_compiler.publish.publish import Outcome
from burgee_compiler.publish.target import TargetError

__all__ = ["print_outcomes", "summary"]


def print_outcomes(
    done: Sequence[Outcome], failed: Mapping[str, TargetError], source: Offered, place: str
) -> None:
    """Print what was found and done; what went wrong goes to standard error."""
    if source.read is not None and source.found:
        print_findings(source.found, source.read, "text", "")
    for each in done:
        _print_one(each, place)
    for name, error in failed.items():
        click.echo(f"error: {name}: {error}", err=True)
        if error.help:
            click.echo(f"  = help: {error.help}", err=True)
    if not done and not failed:
        click.echo("nothing was published")


def _print_one(each: Outcome, place: str) -> None:
    name = each.environment
    if each.result == "refused":
        click.echo(f"error: {name}: refused ({each.reason}): {each.message}", err=True)
        click.echo(f"  = help: {each.help}", err=True)
        return
    files = f"{counted(len(each.uploads), 'file')} ({each.bytes:,} bytes)"
    if each.result == "would-publish":
        click.echo(f"{name}: version {each.version} would be published to {place}: {files}")
        for path in each.uploads:
            click.echo(f"  {path}")
    elif each.result == "unchanged":
        click.echo(f"{name}: version {each.version} is published already")
    else:
        click.echo(f"{name}: version {each.version}, digest {each.digest}: {files} uploaded")
    for tenant, held in each.held.items():
        for key, commit in held.items():
            since = commit[:7] if len(commit) == 40 else commit
            click.echo(f"warning: {name}: held: {tenant}/{key} stays as of {since}", err=True)
    if each.pruned:
        click.echo(f"{name}: {counted(each.pruned, 'old file')} removed")
    for note in each.notes:
        click.echo(f"note: {name}: {note}", err=True)


def summary(
    done: Sequence[Outcome], failed: Mapping[str, TargetError], source: Offered
) -> dict[str, object]:
    """Return what was done, to be printed as JSON."""
    return {
        "errors": sum(each.severity == "error" for each in source.found),
        "environments": {each.environment: each for each in done},
        "failed": {
            name: {"reason": error.reason, "message": str(error), "help": error.help}
            for name, error in failed.items()
        },
    }
