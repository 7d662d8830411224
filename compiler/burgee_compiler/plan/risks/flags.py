"""Risks of a flag as a whole: breaking changes, switches, owners, dates."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from burgee.instants import format_instant
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.flag import Flag
from burgee_compiler.model.types import type_of, variants_of
from burgee_compiler.plan.risks.looked_at import LookedAt

__all__ = ["flag_risks"]


def flag_risks(looked: LookedAt) -> Iterator[Diagnostic]:
    """Yield what is risky about the flag's change in this environment."""
    yield from _breaking(looked)
    if looked.after is not None:
        yield from _switch(looked, looked.after.flag)
        yield from _unattended(looked, looked.after.flag)
        yield from _past(looked, looked.after.flag)


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


def _switch(looked: LookedAt, flag: Flag) -> Iterator[Diagnostic]:
    environment = looked.plan.environment
    before = None if looked.before is None else looked.before.flag
    overlay = flag.environments.get(environment)
    earlier = None if before is None else before.environments.get(environment)
    names_state = overlay is not None and overlay.state == "on"
    named_before = earlier is not None and earlier.state is not UNSET
    if names_state and not named_before:
        text = f"`state: off` in the file no longer reaches {environment}, which names its own"
        cure = "leave `state` out of the environment, so that one switch stops all"
        yield looked.finding("B907", text, cure, field="environments")
    old_steps = {step.at for step in (before.schedule if before is not None else ())}
    for step in flag.schedule:
        if step.at > looked.now and step.set.state == "on" and step.at not in old_steps:
            text = f"a step at {format_instant(step.at)} switches the flag on, whoever stopped it"
            cure = "schedule a percentage instead; `burgee set FLAG state=off` clears such steps"
            yield looked.finding("B907", text, cure, field="schedule")


def _unattended(looked: LookedAt, flag: Flag) -> Iterator[Diagnostic]:
    if "ramp_up" not in looked.plan.kinds or (flag.owner and flag.tests):
        return
    full = [
        name
        for group in looked.plan.groups
        for name, before, after in group.served
        if after.fraction == 1 and before.fraction < 1
    ]
    if full:
        lacks = [word for word, has in (("owner", flag.owner), ("test", flag.tests)) if not has]
        text = (
            f"{full[0]} goes to everyone in a group, and the flag has no {' and no '.join(lacks)}"
        )
        cure = "say who answers for it, and what it must serve, before it is everyone's"
        yield looked.finding("B906", text, cure)


def _past(looked: LookedAt, flag: Flag) -> Iterator[Diagnostic]:
    if flag.expires is not None and flag.expires <= looked.now:
        text = f"the flag was to be gone by {format_instant(flag.expires)}, and is changed instead"
        yield looked.finding("B910", text, "remove it, or give it a later date", field="expires")
    before = {} if looked.before is None else {e.user: e for e in looked.before.flag.overrides}
    for override in flag.overrides:
        if override.expires is None or override.expires > looked.now:
            continue
        if before.get(override.user) != override:
            text = f"an override is added that ended at {format_instant(override.expires)}"
            yield looked.finding("B910", text, "give it a later end, or none", field="overrides")
