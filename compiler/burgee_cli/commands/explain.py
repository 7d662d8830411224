"""`burgee explain`: every step to one decision, with file and line."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from burgee.evaluation.trace import explain
from burgee_cli.decision import Question, decision_options, open_question
from burgee_cli.findings import wants_colour
from burgee_cli.outcome import FINDING
from burgee_cli.places import rule_places
from burgee_cli.trace_text import render_trace

__all__ = ["command"]


@click.command("explain")
@decision_options
@click.option("--json", "as_json", is_flag=True, help="Print the trace as JSON.")
def command(flag: str, as_json: bool, **where: Any) -> int:
    """Show how FLAG's answer comes about: rules, conditions with the values seen, tables.

    The same code evaluates as on an edge node. Exit as `burgee eval`.

    \b
    Example:  burgee explain checkout.one-page -t acme -e production \\
                --context @user.json --at 2026-12-01T09:00:00Z
    """
    question = open_question(flag, **where)
    trace = explain(question.flags, question.key, question.context, question.now)
    places = _places(question)
    if as_json:
        steps = {**msgspec.structs.asdict(trace), "result": trace.result.as_dict()}
        shown = {"trace": steps, "places": places, "environment": question.environment}
        click.echo(msgspec.json.format(msgspec.json.encode(shown)))
    else:
        title = f"{question.tenant}, {question.environment}"
        click.echo(render_trace(trace, places, title, colour=wants_colour()))
    return FINDING if trace.result.is_error else 0


def _places(question: Question) -> dict[str, str]:
    """Return file and line of each rule, and of the default, by name."""
    file = question.opened.repository.tenants[question.tenant].flags[question.key]
    places = rule_places(file, question.environment, question.opened.read)
    return {} if places is None else {name: places.of(name) for name in places.names()}
