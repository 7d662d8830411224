"""B722: an experiment that runs has an end: its own, a scheduled one, or its flag's."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.standings import Standing
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path, said
from burgee_compiler.diagnostics import Diagnostic

__all__ = ["check_endless_experiments"]


def check_endless_experiments(view: FlagView) -> Iterator[Diagnostic]:
    """Report experiments that go on running after all that is scheduled."""
    if view.flag.expires is not None:
        return
    if all(said(part, "experiment") is None for _, part in view.rule_parts):
        return
    told: set[Path] = set()
    for standing in view.standings:
        if not standing.is_last or standing.flag.state == "off":
            continue
        for index, rule in enumerate(standing.flag.rules):
            running = rule.experiment is not None and rule.experiment.status == "running"
            path = _place(view, standing, index)
            if running and rule.ends is None and path not in told:
                told.add(path)
                yield view.finding(
                    "B722",
                    f'the experiment "{rule.name}" runs without end',
                    (*path, "status"),
                    help="add `ends:` to the rule, or `expires:` to the flag",
                )


def _place(view: FlagView, standing: Standing, index: int) -> Path:
    """Return where the experiment is said to run: in the rule, or in its overlay."""
    path = (*standing.rules, index)
    overlay = dict(view.rules)[path].environments.get(standing.environments[0])
    if overlay is not None and said(overlay, "experiment") is not None:
        path = (*path, "environments", standing.environments[0])
    return (*path, "experiment")
