"""`burgee eval`: one decision."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from burgee_cli.decision import decision_options, open_question
from burgee_cli.outcome import FINDING

__all__ = ["command"]


@click.command("eval")
@decision_options
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON.")
def command(flag: str, as_json: bool, **where: Any) -> int:
    """Evaluate FLAG for one user, from the work tree or any commit.

    Exit 1 for an unknown flag and for a result that is an error.

    \b
    Example:  burgee eval checkout.one-page -t acme -e production \\
                --context '{"targetingKey": "u-1", "plan": "premium"}'
              burgee eval checkout.one-page -t acme -e production --rev HEAD~1
    """
    question = open_question(flag, **where)
    result = question.flags.evaluate(question.key, question.context, question.now)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(result.as_dict())))
    else:
        value = msgspec.json.encode(result.value).decode()
        shown = "the caller's default" if result.value is None else value
        rule = f", rule {result.rule}" if result.rule else ""
        click.echo(f"{shown}  (variant {result.variant or '-'}, reason {result.reason}{rule})")
    return FINDING if result.is_error else 0
