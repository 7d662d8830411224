"""Running experiments that a change disturbs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from burgee.snapshot.forms import GateForm, PhaseForm, RuleForm, TableForm
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.emit.tenant import conditions_in
from burgee_compiler.plan.risks.looked_at import LookedAt
from burgee_compiler.plan.side import Side

__all__ = ["experiment_risks"]

_CURE: Final = (
    "let it run to its end and `burgee conclude` it, or begin a new one under another rule name"
)


def experiment_risks(looked: LookedAt) -> Iterator[Diagnostic]:
    """Yield what happens to experiments that run before the change."""
    for before, after in looked.rules:
        if before.experiment is None or before.experiment.status != "running":
            continue
        if not _in_force(before, looked.now) or _state(looked.before, looked.now) == "off":
            continue
        name = before.name if after is None else after.name
        why = _stopped(looked, after)
        if why is not None:
            text = f"the running experiment {name} {why}"
            yield looked.finding("B904", text, _CURE, name)
        elif after is not None and _status(after) == "paused":
            text = f"the running experiment {name} is paused: everyone in it gets control"
            yield looked.finding("B904", text, "resume it, or conclude it with its winner", name)
        elif after is not None and _status(after) == "running":
            yield from _arms(looked, before, after)
            yield from _users(looked, before, after)


def _status(rule: RuleForm) -> str | None:
    return None if rule.experiment is None else rule.experiment.status


def _in_force(rule: RuleForm, now: int) -> bool:
    return not (rule.starts is not None and now < rule.starts) and (
        rule.ends is None or now < rule.ends
    )


def _state(side: Side | None, now: int) -> str | None:
    return None if side is None else side.phase(now).state


def _stopped(looked: LookedAt, after: RuleForm | None) -> str | None:
    """Return why an experiment does not run after the change, where it does not."""
    if after is None or after.experiment is None:
        return "stops: its users get something else"
    if _state(looked.after, looked.now) == "off":
        return "stops: the flag is switched off"
    if _status(after) == "draft":
        return "is a draft again: its users get something else"
    if not _in_force(after, looked.now):
        return "stops: by its new times it is not under way now"
    return None


def _arms(looked: LookedAt, before: RuleForm, after: RuleForm) -> Iterator[Diagnostic]:
    name = after.name
    assert before.experiment is not None
    assert after.experiment is not None
    if _is_redrawn(before, after):
        text = f"the running experiment {name} is drawn anew: its users change arms"
        yield looked.finding("B902", text, "keep its seed, and `by`, while it runs", name)
        return
    old, new = (_served(looked, each) for each in (before, after))
    if _shares(old) != _shares(new):
        text = f"the running experiment {name} is re-weighted: its arms no longer compare"
        yield looked.finding("B901", text, _CURE, name)
    elif old != new:
        text = f"an arm of the running experiment {name} serves another value than before"
        yield looked.finding("B901", text, _CURE, name)
    sides = looked.before, looked.after
    controls = [
        None if side is None else side.form.variants[rule.experiment.control][0]
        for side, rule in zip(sides, (before, after), strict=True)
        if rule.experiment is not None
    ]
    if controls[0] != controls[1]:
        text = f"the running experiment {name} is held against {controls[1]}, not {controls[0]}"
        yield looked.finding("B901", text, _CURE, name)


Arms = dict[tuple[int, int], tuple[str, str]]


def _served(looked: LookedAt, rule: RuleForm) -> Arms:
    """Return the slots of each arm, with its name and its value."""
    side = looked.before if any(rule is old for old, _ in looked.rules) else looked.after
    assert side is not None
    variants = [(name, repr(value)) for name, value in side.form.variants]
    if rule.split is None:
        return {} if rule.serve is None else {(0, 100_000): variants[rule.serve]}
    return {(start, end): variants[arm] for start, end, arm in rule.split.ranges}


def _shares(arms: Arms) -> dict[tuple[int, int], str]:
    return {slots: name for slots, (name, _) in arms.items()}


def _is_redrawn(before: RuleForm, after: RuleForm) -> bool:
    # A table that comes or goes draws nothing anew.
    pairs: list[tuple[TableForm | None, TableForm | None]] = [
        (before.split, after.split),
        (before.gate, after.gate),
        (before.layer, after.layer),
    ]
    salts = [(old.salt, new.salt) for old, new in pairs if old is not None and new is not None]
    return before.by != after.by or any(old != new for old, new in salts)


def _users(looked: LookedAt, before: RuleForm, after: RuleForm) -> Iterator[Diagnostic]:
    name = after.name
    changed = _why_others(looked, before, after)
    if changed is not None:
        text = f"the running experiment {name} is for other users than before{changed}"
        yield looked.finding("B903", text, _CURE, name)
    if _size(after.gate) < _size(before.gate) or _size(after.layer) < _size(before.layer):
        text = f"the running experiment {name} loses users: less traffic than before"
        yield looked.finding("B904", text, "more traffic harms nothing, less does", name)
    for other in _in_front(looked, before, after):
        text = f"the running experiment {name} loses users to {other}, which comes before it"
        yield looked.finding("B904", text, "put new rules behind it while it runs", name)


def _why_others(looked: LookedAt, before: RuleForm, after: RuleForm) -> str | None:
    if before.when != after.when:
        return ""
    sides = [each for each in (looked.before, looked.after) if each is not None]
    old, new = (set(side.form.requires) for side in sides)
    if old != new:
        return ": what the flag requires changes"
    named = {need.flag for need in new}
    named |= {each.flag for each in conditions_in(after.when) if each.flag} if after.when else set()
    changed = sorted(
        key for key in named if len({side.scene.digests.get(key) for side in sides}) > 1
    )
    if changed and looked.plan.groups:
        return f": they depend on {', '.join(changed)}, which changes"
    return None


def _in_front(looked: LookedAt, before: RuleForm, after: RuleForm) -> Iterator[str]:
    """Yield the rules that take users from it and did not before."""
    assert looked.before is not None
    assert looked.after is not None
    old = _before_it(looked.before.phase(looked.now), before.name)
    new = _before_it(looked.after.phase(looked.now), after.name)
    names = {later.name: rule for rule, later in looked.rules if later is not None}
    for name, rule in new.items():
        earlier = names.get(name)
        if earlier is None or earlier.name not in old or _size(earlier.gate) < _size(rule.gate):
            yield name


def _before_it(phase: PhaseForm, name: str) -> dict[str, RuleForm]:
    names = [rule.name for rule in phase.rules]
    return {rule.name: rule for rule in phase.rules[: names.index(name)]}


def _size(gate: GateForm | None) -> int:
    if gate is None:
        return 100_000
    if gate.moving is not None:
        return gate.moving[1]
    return sum(end - start for start, end in gate.ranges)
