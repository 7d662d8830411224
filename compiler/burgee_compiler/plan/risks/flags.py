"""Risks of a flag as a whole: breaking changes, switches, owners, dates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET

from burgee.instants import format_instant
from burgee.snapshot.forms import OutcomeForm
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.flag import Flag
from burgee_compiler.model.types import type_of, variants_of
from burgee_compiler.plan.risks.looked_at import LookedAt
from burgee_compiler.plan.side import Side

__all__ = ["flag_risks", "switch_risks"]

_HARMLESS: Final = frozenset({"kill", "metadata", "none"})


def flag_risks(looked: LookedAt) -> Iterator[Diagnostic]:
    """Yield what is risky about the flag's change in this environment."""
    yield from _breaking(looked)
    if looked.after is not None and looked.flag.status != "affected":
        yield from switch_risks(looked, looked.after)
        yield from _unattended(looked, looked.after)
        yield from _past(looked, looked.after)


def _breaking(looked: LookedAt) -> Iterator[Diagnostic]:
    if looked.before is None:
        return
    if looked.after is None:
        text = "the flag goes: apps that still ask for it get the default in their code"
        cure = "see that no code names it (`burgee stale --code DIR`), then remove it"
        yield looked.finding("B914", text, cure)
        return
    old, new = looked.before.flag, looked.after.flag
    if type_of(old) != type_of(new):
        text = f"the type of the values changes from {type_of(old)} to {type_of(new)}"
        cure = "typed clients fail on another type: make a new flag instead"
        yield looked.finding("B912", text, cure, field="type" if new.type else "variants")
    gone = sorted(variants_of(old).keys() - variants_of(new).keys())
    if gone and type_of(old) == type_of(new):
        text = f"variants that code or reports may name go: {', '.join(gone)}"
        yield looked.finding("B912", text, "keep them until nothing names them", field="variants")
    if old.client_side and not new.client_side:
        text = "browser keys no longer see the flag: pages get the default in their code"
        yield looked.finding("B912", text, "keep `client_side: true` until no page asks for it")


def switch_risks(looked: LookedAt, side: Side) -> Iterator[Diagnostic]:
    """Yield what keeps the stop switch from stopping, though nobody may be moved now."""
    environment = looked.plan.environment
    overlay = side.flag.environments.get(environment)
    earlier = None if looked.before is None else looked.before.flag.environments.get(environment)
    names_state = overlay is not None and overlay.state == "on"
    named_before = earlier is not None and earlier.state is not UNSET
    if names_state and not named_before:
        text = f"`state: off` in the file no longer reaches {environment}, which names its own"
        cure = "leave `state` out of the environment, so that one switch stops all"
        yield looked.finding("B907", text, cure, field="environments")
    if side.phase(looked.now).state == "off":
        return  # it is switched on at that time for the first time
    before = None if looked.before is None else looked.before.here
    known = {step.at for step in before.schedule if step.set.state == "on"} if before else set()
    for step in side.here.schedule:
        if step.at > looked.now and step.set.state == "on" and step.at not in known:
            text = f"a step at {format_instant(step.at)} switches the flag on, whoever stopped it"
            cure = "schedule a percentage instead, so that a stopped flag stays stopped"
            yield looked.finding("B907", text, cure, field="schedule")


def _unattended(looked: LookedAt, side: Side) -> Iterator[Diagnostic]:
    lacks = [
        word for word, has in (("owner", side.flag.owner), ("test", side.flag.tests)) if not has
    ]
    if not lacks or looked.before is None:
        return
    old, new = (_full(each, looked.now) for each in (looked.before, side))
    for name, is_full in new.items():
        if is_full and not old.get(name, True):
            text = f"{name} comes to let in everyone, and the flag has no {' and no '.join(lacks)}"
            cure = "say who answers for it, and what it must serve, before it is everyone's"
            if name == "the default":
                yield looked.finding("B906", text, cure, field="default")
            else:
                yield looked.finding("B906", text, cure, name.removeprefix("rule "))


def _full(side: Side, now: int) -> dict[str, bool]:
    """Return whether each outcome lets in everyone, now or later, by its name."""
    found: dict[str, bool] = {}
    start = side.phase(now)
    for phase in side.form.phases:
        if phase is start or (phase.at is not None and phase.at > now):
            rules = ((f"rule {rule.name}", rule) for rule in phase.rules if not rule.experiment)
            for name, outcome in (("the default", phase.default), *rules):
                found[name] = found.get(name, False) or _lets_in_all(outcome)
    return found


def _lets_in_all(outcome: OutcomeForm) -> bool:
    gate = outcome.gate
    if gate is None or gate.moving is not None:
        return gate is None or gate.moving is None or gate.moving[1] == gate.slots
    return sum(end - start for start, end in gate.ranges) == gate.slots


def _past(looked: LookedAt, side: Side) -> Iterator[Diagnostic]:
    flag, now = side.flag, looked.now
    changes = set(looked.plan.kinds) - _HARMLESS
    if flag.expires is not None and flag.expires <= now and changes:
        text = f"the flag was to be gone by {format_instant(flag.expires)}, and is changed instead"
        yield looked.finding("B910", text, "remove it, or give it a later date", field="expires")
    before = None if looked.before is None else looked.before.here
    yield from _past_steps(looked, before, side.here)
    pinned = {} if before is None else {each.user: each for each in before.overrides}
    for override in side.here.overrides:
        if override.expires is None or override.expires > now:
            continue
        if pinned.get(override.user) != override:
            text = f"an override is added that ended at {format_instant(override.expires)}"
            yield looked.finding("B910", text, "give it a later end, or none", field="overrides")


def _past_steps(looked: LookedAt, before: Flag | None, after: Flag) -> Iterator[Diagnostic]:
    """Steps and ends that are written down when their time has come already."""
    known = set() if before is None else {step.at for step in before.schedule}
    for step in after.schedule:
        if step.at <= looked.now and step.at not in known:
            text = f"a step is added for {format_instant(step.at)}: it is in force at once"
            yield looked.finding("B910", text, "give it a later time", field="schedule")
    rules = {} if before is None else {rule.name: rule for rule in before.rules}
    for rule in after.rules:
        earlier = rules.get(rule.name)
        ended = rule.ends is not None and rule.ends <= looked.now
        if ended and rule.ends is not None and (earlier is None or earlier.ends != rule.ends):
            text = f"rule {rule.name} is to end at {format_instant(rule.ends)}, and so at once"
            yield looked.finding("B910", text, "give it a later end, or remove it", rule.name)
        times = set() if earlier is None else {step.at for step in earlier.schedule}
        for at in (step.at for step in rule.schedule if step.at <= looked.now):
            if at not in times:
                text = (
                    f"rule {rule.name}: a step is added for {format_instant(at)}, in force at once"
                )
                yield looked.finding("B910", text, "give it a later time", rule.name)
