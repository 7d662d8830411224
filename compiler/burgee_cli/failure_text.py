"""A failed test for people: what was expected, what came, and every step to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from burgee.instants import format_instant
from burgee_cli.places import rule_places
from burgee_cli.trace_text import render_condition, render_trace
from burgee_compiler.build import Tested
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.failing import Failure, why_failed
from burgee_compiler.flag_tests import TestOutcome

__all__ = ["Failed", "failed_tests"]


class Failed(Struct, frozen=True):
    """A failed test, why, and that as lines of text; without the last two where it did not run."""

    outcome: TestOutcome
    failure: Failure | None = None
    text: str = ""


def failed_tests(tested: Tested, read: Callable[[str], bytes | None]) -> list[Failed]:
    """Return a tenant's failed tests in one environment."""
    return [
        _failed(tested, outcome, read) for outcome in tested.outcomes if outcome.found is not None
    ]


def _failed(tested: Tested, outcome: TestOutcome, read: Callable[[str], bytes | None]) -> Failed:
    failure = why_failed(tested.files, tested.forms, outcome)
    if failure is None:
        return Failed(outcome)
    lines = [f"expected  {_fields(failure.expected)}", f"actual    {_fields(failure.actual)}"]
    lines += _steps(tested, outcome, failure, read).splitlines()
    return Failed(outcome, failure, "\n".join(map(printable, lines)))


def _steps(
    tested: Tested,
    outcome: TestOutcome,
    failure: Failure,
    read: Callable[[str], bytes | None],
) -> str:
    title = f"{tested.files.name}, {tested.forms.environment}"
    if failure.condition is not None:
        at = "" if failure.at is None else f", at {format_instant(failure.at)}"
        return f"  {title}{at}\n{render_condition(failure.condition)}"
    assert failure.trace is not None
    file = tested.files.flags[outcome.subject.partition("/")[2]]
    found = rule_places(file, tested.forms.environment, read)
    places = {} if found is None else {name: found.of(name) for name in found.names()}
    return render_trace(failure.trace, places, title, timed=failure.at is not None)


def _fields(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_value(name, value)}" for name, value in values.items())


def _value(name: str, value: Any) -> str:
    if name == "shares":
        return "{" + ", ".join(f"{each}: {share:g} %" for each, share in value.items()) + "}"
    if value is None and name != "value":
        return "none"
    return value if isinstance(value, str) and name != "value" else json.dumps(value)
