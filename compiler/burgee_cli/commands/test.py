"""`burgee test`: the tests that stand in flags and segments."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from burgee_cli.findings import print_findings
from burgee_cli.opened import cache_option, open_repository, rev_option
from burgee_cli.outcome import FINDING, No, counted
from burgee_cli.progress import shown_progress
from burgee_compiler.build import check, failures, has_errors, outcomes_of
from burgee_compiler.flag_tests import TestOutcome

__all__ = ["command"]


@click.command("test")
@click.argument("repo", required=False, type=click.Path(path_type=Path))
@rev_option
@cache_option
@click.option("-k", "select", metavar="TEXT", help="Only tests whose flag or name holds TEXT.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes as JSON.")
def command(repo: Path | None, rev: str | None, select: str | None, as_json: bool) -> int:
    """Run the tests that stand in flags and segments, in every environment they hold for.

    Exit 1 if one fails, or if the flags do not pass `burgee check`.

    \b
    Example:  burgee test
              burgee test -k checkout
    """
    with shown_progress():
        opened = open_repository(repo, rev)
        found = [each for each in check(opened.repository) if each.severity == "error"]
    if has_errors(found):
        opened.remember()
        print_findings(found, opened, "json" if as_json else "text", "")
        if not as_json:
            click.echo("no test was run: they run once `burgee check` finds no error")
        return FINDING
    with shown_progress():
        outcomes = outcomes_of(opened.repository, select)
    opened.remember()
    if select is not None and not outcomes:
        raise No(f"no test's flag or name holds {select!r}", "`burgee test` alone runs all")
    failed = sum(each.found is not None for each in outcomes)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_row(each) for each in outcomes])))
    else:
        good = f"{counted(len(outcomes) - failed, 'test')} passed"
        print_findings(failures(outcomes), opened, "text", good)
        if failed:
            click.echo(f"{good}, {failed} failed")
    return FINDING if failed else 0


def _row(outcome: TestOutcome) -> dict[str, object]:
    return {
        "subject": outcome.subject,
        "test": outcome.name,
        "environment": outcome.environment,
        "passed": outcome.found is None,
        "message": None if outcome.found is None else outcome.found.message,
    }
