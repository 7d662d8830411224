"""`burgee test`: the tests that stand in flags and segments."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from burgee_cli.coverage_text import coverage_data, coverage_text, percent_text
from burgee_cli.failure_text import Failed, failed_tests
from burgee_cli.findings import print_findings, print_with
from burgee_cli.opened import Opened, cache_option, open_repository, rev_option
from burgee_cli.outcome import FINDING, No, Usage, counted
from burgee_cli.progress import shown_progress
from burgee_compiler.build import Tested, check, failures, has_errors, run_all_tests
from burgee_compiler.coverage import Coverage, coverage_of
from burgee_compiler.diagnostics import place
from burgee_compiler.flag_tests import TestOutcome

__all__ = ["command"]


class _Wanted(Struct, frozen=True):
    """What is to be run and told."""

    select: str | None
    coverage: bool
    least: float | None
    junit: Path | None
    as_json: bool


@click.command("test")
@click.argument("repo", required=False, type=click.Path(path_type=Path))
@rev_option
@cache_option
@click.option("-k", "select", metavar="TEXT", help="Only tests whose flag or name holds TEXT.")
@click.option("--coverage", is_flag=True, help="Tell which rules and arms no test reaches.")
@click.option(
    "--coverage-min",
    "least",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    help="Exit 1 where fewer of the arms are reached; tells as --coverage does.",
)
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the outcomes as JUnit XML, too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes as JSON.")
def command(repo: Path | None, rev: str | None, **wanted: Any) -> int:
    """Run the tests that stand in flags and segments, in every environment they hold for.

    Exit 1 if one fails, or if the flags do not pass `burgee check`. A failed test is shown with
    what was expected, what came, and every step to it.

    \b
    Example:  burgee test
              burgee test -k checkout --coverage
              burgee test --junit report.xml --coverage-min 80
    """
    which = _Wanted(**wanted)
    with shown_progress():
        opened = open_repository(repo, rev)
        found = [each for each in check(opened.repository) if each.severity == "error"]
    if has_errors(found):
        opened.remember()
        if which.junit is not None:
            from burgee_cli.junit import findings_junit  # noqa: PLC0415  most runs write none

            _write(which.junit, findings_junit(place(found, opened.read)))
        print_findings(found, opened, "json" if which.as_json else "text", "")
        if not which.as_json:
            click.echo("no test was run: they run once `burgee check` finds no error")
        return FINDING
    with shown_progress():
        tested = run_all_tests(opened.repository, which.select)
    opened.remember()
    if which.select is not None and not any(each.outcomes for each in tested):
        hint = "`burgee test` alone runs all"
        raise No(f"no test's flag or name holds {which.select!r}", hint)
    return _tell(tested, which, opened)


def _tell(tested: Sequence[Tested], wanted: _Wanted, opened: Opened) -> int:
    outcomes = [outcome for each in tested for outcome in each.outcomes]
    failed = {id(each.outcome): each for of in tested for each in failed_tests(of, opened.read)}
    coverage: Coverage | None = None
    if wanted.coverage or wanted.least is not None:
        forms = [each.forms for each in tested]
        coverage = coverage_of(forms, outcomes, narrowed=wanted.select is not None)
    if wanted.junit is not None:
        from burgee_cli.junit import junit  # noqa: PLC0415

        _write(wanted.junit, junit(tested, failed))
    if wanted.as_json:
        shown = _data(outcomes, failed, coverage, opened)
        click.echo(msgspec.json.format(msgspec.json.encode(shown)))
    else:
        _print(outcomes, failed, coverage, opened)
    few = _too_few(coverage, wanted)
    return FINDING if failed or few else 0


def _print(
    outcomes: Sequence[TestOutcome],
    failed: dict[int, Failed],
    coverage: Coverage | None,
    opened: Opened,
) -> None:
    good = f"{counted(len(outcomes) - len(failed), 'test')} passed"
    if failed:
        texts: dict[object, str] = {}
        for each in failed.values():
            if each.outcome.found is not None:
                texts.setdefault(each.outcome.found.where, each.text)
        print_with(failures(outcomes), opened, lambda found: texts.get(found.where, ""))
        good = f"{good}, {len(failed)} failed"
    click.echo(good)
    if coverage is not None:
        click.echo(coverage_text(coverage, opened.repository, opened.read))


def _too_few(coverage: Coverage | None, wanted: _Wanted) -> bool:
    if coverage is None or wanted.least is None:
        return False
    if coverage.percent >= Fraction(str(wanted.least)):
        return False
    share = percent_text(coverage.percent)
    click.echo(f"coverage is {share}, less than {wanted.least:g} %", err=True)
    return True


def _data(
    outcomes: Sequence[TestOutcome],
    failed: dict[int, Failed],
    coverage: Coverage | None,
    opened: Opened,
) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "passed": len(outcomes) - len(failed),
        "failed": len(failed),
        "tests": [_row(each, failed.get(id(each))) for each in outcomes],
    }
    if coverage is not None:
        whole["coverage"] = coverage_data(coverage, opened.repository, opened.read)
    return whole


def _row(outcome: TestOutcome, failed: Failed | None) -> dict[str, object]:
    row: dict[str, object] = {
        "subject": outcome.subject,
        "test": outcome.name,
        "environment": outcome.environment,
        "passed": outcome.found is None,
        "message": None if outcome.found is None else outcome.found.message,
    }
    failure = None if failed is None else failed.failure
    if failure is not None:
        trace = failure.trace
        row["expected"], row["actual"] = failure.expected, failure.actual
        if trace is not None:
            row["trace"] = {**msgspec.structs.asdict(trace), "result": trace.result.as_dict()}
        else:
            row["trace"] = failure.condition
    return row


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise Usage(f"{path} cannot be written: {error.strerror or error}") from error
