"""`burgee explain`: every step to one decision, with file and line."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from burgee.evaluation.trace import explain
from burgee_cli.decision import Question, decision_options, open_question
from burgee_cli.findings import wants_colour
from burgee_cli.outcome import FINDING
from burgee_cli.trace_text import render_trace
from burgee_compiler.diagnostics import Where
from burgee_compiler.model.flag import Flag
from burgee_compiler.source import locate

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
    text = question.opened.read(file.path)
    if file.flag is None or text is None:
        return {}
    places = {}
    for name, path in _paths(file.flag, question.environment).items():
        line = locate(text, Where(file.path, path)).line
        places[name] = f"{file.path}:{line}"
    return places


def _paths(flag: Flag, environment: str) -> dict[str, tuple[str | int, ...]]:
    overlay = flag.environments.get(environment)
    paths: dict[str, tuple[str | int, ...]] = {"default": ("default",)}
    for index, step in enumerate(flag.schedule):
        for number, rule in enumerate(step.set.rules or ()):
            paths[rule.name] = ("schedule", index, "set", "rules", number)
    for number, rule in enumerate(flag.rules):
        paths[rule.name] = ("rules", number)
    if overlay is not None:
        if overlay.default:
            paths["default"] = ("environments", environment, "default")
        for number, rule in enumerate(overlay.rules or ()):
            paths[rule.name] = ("environments", environment, "rules", number)
    return paths
