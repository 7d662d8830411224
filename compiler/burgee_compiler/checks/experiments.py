"""B414, B417: an experiment has a winner when it is concluded, and something to measure before."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.rule_forms import RuleForm, rule_forms
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.distribution import Serve
from burgee_compiler.model.flag import Experiment

__all__ = ["check_experiments"]


def check_experiments(view: FlagView) -> Iterator[Diagnostic]:
    """Report winners that are missing or too early, and experiments that measure nothing."""
    for path, rule in view.rules:
        for form in rule_forms(path, rule):
            place, experiment = form.get("experiment")
            if experiment is None:
                continue
            yield from _winner(view, place, experiment)
            if experiment.status != "concluded":
                yield from _arms(view, form, experiment)


def _winner(view: FlagView, path: Path, experiment: Experiment) -> Iterator[Diagnostic]:
    if experiment.status == "concluded" and experiment.winner is None:
        yield view.finding(
            "B414",
            "a concluded experiment has no winner",
            (*path, "status"),
            help="add `winner: VARIANT`, which all its users get from now on",
        )
    elif experiment.status != "concluded" and experiment.winner is not None:
        yield view.finding(
            "B414",
            f"an experiment that is {experiment.status} has a winner",
            (*path, "winner"),
            help="set `status: concluded`, or remove the winner",
        )


def _arms(view: FlagView, form: RuleForm, experiment: Experiment) -> Iterator[Diagnostic]:
    for path, serve in form.all("serve"):
        arms = _served(serve)
        if len(arms) == 1:
            yield view.finding(
                "B417",
                f'the experiment "{form.rule.name}" serves "{arms[0]}" alone, '
                "so there is nothing to compare",
                path,
                help="split it over two variants or more, or remove `experiment`",
            )
        elif experiment.control not in arms and experiment.control in view.variants:
            yield view.finding(
                "B417",
                f'nobody gets "{experiment.control}", the control of the experiment '
                f'"{form.rule.name}"',
                path,
                help="give the control a weight above 0, or name another control",
            )


def _served(serve: Serve) -> list[str]:
    if serve.split is None:
        return [str(serve.variant)]
    return [name for name, weight in serve.split.items() if weight]
