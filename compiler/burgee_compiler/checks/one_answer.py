"""B715: a flag with rules or shares answers differently to some; else it decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from burgee.buckets import SLOTS
from burgee_compiler.checks.standings import Standing
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import said
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.distribution import Default, Serve
from burgee_compiler.model.flag import Flag, Rule
from burgee_compiler.model.types import type_of

__all__ = ["check_one_answer", "decides", "one_answer"]


def check_one_answer(view: FlagView) -> Iterator[Diagnostic]:
    """Report flags whose rules and shares all come to one variant, wherever and whenever."""
    answer = one_answer(view)
    if answer is not None:
        yield view.finding(
            "B715",
            f'the flag serves "{answer}" to everyone, whatever its rules and shares ask',
            ("rules", 0, "name") if view.flag.rules else ("default",),
            help="remove the rules and shares, or serve something else to somebody",
        )


def one_answer(view: FlagView) -> str | None:
    """Return the variant that a flag which seems to decide something serves to everyone."""
    if not decides(view):
        return None
    answers: set[str | None] = set()
    for standing in view.standings:
        answers.update(_answers(view, standing))
        if len(answers) > 1:
            return None
    return answers.pop() if answers else None


def decides(view: FlagView) -> bool:
    """Return whether a flag has rules, or shares in a default, in any environment or step."""
    if view.rules:
        return True
    defaults: Iterator[Default | None] = (said(part, "default") for _, part in view.parts)
    return any(
        each is not None and (each.serve.split is not None or each.percentage is not None)
        for each in defaults
    )


def _answers(view: FlagView, standing: Standing) -> Iterator[str | None]:
    """Yield what a flag may serve to somebody; None is the caller's default."""
    flag = standing.flag
    yield from (override.serve for override in flag.overrides)
    if flag.state == "off":
        yield _off(view, flag)
        return
    if flag.requires:
        yield _off(view, flag)
    for rule in flag.rules:
        yield from _of_rule(rule)
    yield from _of_serve(flag.default.serve)
    if flag.default.percentage not in (None, SLOTS):
        yield _off(view, flag)


def _of_rule(rule: Rule) -> Iterator[str | None]:
    experiment = rule.experiment
    if experiment is not None and experiment.status == "concluded":
        yield experiment.winner
    else:
        yield from _of_serve(rule.serve)


def _of_serve(serve: Serve) -> Iterator[str | None]:
    if serve.split is None:
        yield serve.variant
    else:
        yield from (name for name, weight in serve.split.items() if weight)


def _off(view: FlagView, flag: Flag) -> str | None:
    if flag.off_variant is None and type_of(view.flag) == "boolean" and "off" in view.variants:
        return "off"
    return flag.off_variant
