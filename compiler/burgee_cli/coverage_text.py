"""Rule coverage for people and as data: what no test reaches, with file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from burgee_cli.outcome import counted
from burgee_cli.places import RulePlaces, rule_places
from burgee_compiler.coverage import Coverage, Goal
from burgee_compiler.model.flag_test import CALLERS_DEFAULT
from burgee_compiler.repository import Repository

__all__ = ["coverage_data", "coverage_text", "percent_text"]

Read = Callable[[str], bytes | None]


def percent_text(percent: Fraction) -> str:
    """Return a percentage with one decimal, rounded down: 100.0 is all."""
    tenths = percent * 10 // 1
    return f"{tenths // 10}.{tenths % 10} %"


def coverage_text(coverage: Coverage, repository: Repository, read: Read) -> str:
    """Return a line for each rule or arm that no test reaches, and how many are reached."""
    lines = [f"{row['place']}: {_said(row)}" for row in _missed(coverage, repository, read)]
    total = len(coverage.goals)
    share = percent_text(coverage.percent)
    return "\n".join(
        [*lines, f"coverage: {coverage.reached:,} of {counted(total, 'arm')} reached, {share}"]
    )


def coverage_data(coverage: Coverage, repository: Repository, read: Read) -> dict[str, Any]:
    """Return the same as JSON values."""
    return {
        "arms": len(coverage.goals),
        "reached": coverage.reached,
        "percent": float(coverage.percent),
        "missed": list(_missed(coverage, repository, read)),
    }


def _said(row: dict[str, Any]) -> str:
    rule = "the default" if row["rule"] is None else f"rule {row['rule']}"
    flag = f"{row['tenant']}/{row['flag']}"
    if row["whole"]:
        return f"no test of {flag} reaches {rule} ({_list(row['variants'])})"
    arms = "arms" if len(row["variants"]) > 1 else "arm"
    return f"no test of {flag} reaches {arms} {_list(row['variants'])} of {rule}"


def _list(variants: Sequence[str | None]) -> str:
    return ", ".join(CALLERS_DEFAULT if each is None else each for each in variants)


def _missed(coverage: Coverage, repository: Repository, read: Read) -> Iterator[dict[str, Any]]:
    """Yield a row for each rule of which an arm is not reached, in the order of the files."""
    for (tenant, key), of_flag in groupby(coverage.goals, key=lambda each: (each.tenant, each.key)):
        goals = list(of_flag)
        if all(each.is_reached for each in goals):
            continue
        file = repository.tenants[tenant].flags[key]
        places: dict[str, RulePlaces | None] = {}
        for environment in {each.environment for each in goals if not each.is_reached}:
            places[environment] = rule_places(file, environment, read)
        for rule in dict.fromkeys(each.answer.rule for each in goals):
            of_rule = [each for each in goals if each.answer.rule == rule]
            missed = [each for each in of_rule if not each.is_reached]
            if missed:
                whole = len(missed) == len(of_rule)
                yield _row(missed, file.path, places[missed[0].environment], whole=whole)


def _row(
    missed: Sequence[Goal], path: str, places: RulePlaces | None, *, whole: bool
) -> dict[str, Any]:
    first = missed[0]
    name = first.answer.rule or "default"
    place = path
    if places is not None:
        place = places.of(name, None if whole else first.answer.variant)
    return {
        "tenant": first.tenant,
        "flag": first.key,
        "rule": first.answer.rule,
        "variants": [each.answer.variant for each in missed],
        "whole": whole,
        "place": place,
    }
