"""Running experiments that a change disturbs."""

from __future__ import annotations

from collections.abc import Iterator

from burgee.snapshot.forms import GateForm, RuleForm
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.plan.risks.looked_at import LookedAt

__all__ = ["experiment_risks"]

_CURE = "let it run to its end and `burgee conclude` it, or begin a new one under another rule name"


def experiment_risks(looked: LookedAt) -> Iterator[Diagnostic]:
    """Yield what happens to experiments that run before the change."""
    for before, after in looked.rules:
        if before.experiment is None or before.experiment.status != "running":
            continue
        name = before.name if after is None else after.name
        stopped = after is None or after.experiment is None
        if stopped or _is_off(looked):
            text = f"the running experiment {name} stops: its users get something else"
            yield looked.finding("B904", text, _CURE, name)
            continue
        assert after is not None
        yield from _disturbed(looked, before, after)


def _is_off(looked: LookedAt) -> bool:
    sides = looked.before, looked.after
    states = [None if each is None else each.at(looked.now).state for each in sides]
    return states == ["on", "off"]


def _disturbed(looked: LookedAt, before: RuleForm, after: RuleForm) -> Iterator[Diagnostic]:
    name = after.name
    status = None if after.experiment is None else after.experiment.status
    if status != "running":
        if status == "paused":
            text = f"the running experiment {name} is paused: everyone in it gets control"
            yield looked.finding("B904", text, "resume it, or conclude it with its winner", name)
        return
    if _draws(before) != _draws(after):
        text = f"the running experiment {name} is drawn anew: its users change arms"
        yield looked.finding("B902", text, "keep its seed, and `by`, while it runs", name)
    elif before.split != after.split or before.serve != after.serve:
        text = f"the running experiment {name} is re-weighted: its arms no longer compare"
        yield looked.finding("B901", text, _CURE, name)
    if before.when != after.when:
        text = f"the running experiment {name} is for other users than before"
        yield looked.finding("B903", text, _CURE, name)
    if _size(after.gate) < _size(before.gate) or _size(after.layer) < _size(before.layer):
        text = f"the running experiment {name} loses users: less traffic than before"
        yield looked.finding("B904", text, "more traffic harms nothing, less does", name)


def _draws(rule: RuleForm) -> tuple[str | None, ...]:
    tables = (rule.split, rule.gate, rule.layer)
    salts = tuple(None if table is None else table.salt for table in tables)
    # A table that comes or goes draws nothing anew.
    return (rule.by, *(salt for salt in salts if salt is not None)) if all(salts) else (rule.by,)


def _size(gate: GateForm | None) -> int:
    if gate is None:
        return 100_000
    if gate.moving is not None:
        return gate.moving[1]
    return sum(end - start for start, end in gate.ranges)
