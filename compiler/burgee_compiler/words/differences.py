"""How two effective forms of a flag differ in meaning: the kind of each change, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from burgee.instants import format_instant
from burgee_compiler.allocate import exact_slots
from burgee_compiler.model.change_kind import ChangeKind
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.distribution import Default, Moving, Serve
from burgee_compiler.model.flag import Experiment, Flag, Override, Rule
from burgee_compiler.model.types import type_of, variants_of
from burgee_compiler.words.conditions import condition_text

__all__ = ["Difference", "differences"]

_FOR_PEOPLE: Final = ("tags", "client_side")
_RULE_PLAIN: Final = ("starts", "ends", "seed", "was")


class Difference(Struct, frozen=True):
    """One thing that is another one afterwards."""

    kind: ChangeKind
    text: str
    ids: int | None = None
    """Of how many single users it is, where it is of those alone."""


def differences(before: Flag, after: Flag) -> Iterator[Difference]:
    """Yield what is different in meaning; both without overlays, schedules are not looked at."""
    if before.state != after.state:
        kind: ChangeKind = "kill" if after.state == "off" else "restore"
        yield Difference(kind, f"state {before.state} → {after.state}")
    yield from _variants(before, after)
    yield from _by("", before.by, after.by)
    yield from _plain("retarget", "", "seed", before, after)
    if before.off_variant != after.off_variant:
        shown = f"{_name(before.off_variant)} → {_name(after.off_variant)}"
        yield Difference("variants", f"off_variant {shown}")
    yield from _overrides(before.overrides, after.overrides)
    yield from _requires(before, after)
    yield from _rules(before, after)
    if before.default != after.default:
        kind = _towards(_quiet(before), before.default, after.default)
        yield Difference(kind, f"default {_default(before.default)} → {_default(after.default)}")
    yield from _metadata(before.metadata, after.metadata)
    for field in _FOR_PEOPLE:
        yield from _plain("metadata", "", field, before, after)


def _metadata(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        old, new = (_json(each[name]) if name in each else "none" for each in (before, after))
        if old != new:
            yield Difference("metadata", f"metadata {name} {old} → {new}")


def _plain(
    kind: ChangeKind, prefix: str, field: str, before: Struct, after: Struct
) -> Iterator[Difference]:
    old, new = getattr(before, field), getattr(after, field)
    if old != new:
        yield Difference(kind, f"{prefix}{field} {_value(field, old)} → {_value(field, new)}")


def _by(prefix: str, before: str | None, after: str | None) -> Iterator[Difference]:
    if before != after:
        told = ""
        if after not in (None, "targetingKey", "user.id"):
            told = f"; a user without {after} is let in by no gate or split"
        old, new = ("the flag's" if each is None else each for each in (before, after))
        yield Difference("retarget", f"{prefix}by {old} → {new}{told}")


def _variants(before: Flag, after: Flag) -> Iterator[Difference]:
    if type_of(before) != type_of(after):
        yield Difference("variants", f"type {type_of(before)} → {type_of(after)}")
    old, new = variants_of(before), variants_of(after)
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Difference("variants", f"variant {name} goes")
        elif name not in old:
            yield Difference("variants", f"variant {name} comes: {_json(new[name].value)}")
        elif old[name].value != new[name].value or type(old[name].value) is not type(
            new[name].value
        ):
            shown = f"{_json(old[name].value)} → {_json(new[name].value)}"
            yield Difference("variants", f"variant {name}: {shown}")


def _overrides(before: tuple[Override, ...], after: tuple[Override, ...]) -> Iterator[Difference]:
    old, new = ({each.user: each for each in reversed(found)} for found in (before, after))
    come = [user for user in new if user not in old]
    gone = [user for user in old if user not in new]
    other = [
        user
        for user in new
        if user in old
        and (old[user].serve, old[user].expires) != (new[user].serve, new[user].expires)
    ]
    for word, users in (("pinned", come), ("no longer pinned", gone), ("pinned anew", other)):
        if users:
            count = "1 user" if len(users) == 1 else f"{len(users):,} users"
            variants = sorted({(new.get(user) or old[user]).serve for user in users})
            to = f" to {', '.join(variants)}" if word != "no longer pinned" else ""
            yield Difference("override", f"{count} {word}{to}", len(users))


def _requires(before: Flag, after: Flag) -> Iterator[Difference]:
    old = {need.flag: need.serves for need in before.requires}
    new = {need.flag: need.serves for need in after.requires}
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            yield Difference("retarget", f"no longer requires {key}")
        elif key not in old:
            yield Difference("retarget", f"requires {key} to serve {' or '.join(new[key])}")
        elif sorted(old[key]) != sorted(new[key]):
            yield Difference(
                "retarget",
                f"requires {key} to serve {' or '.join(new[key])}, not {' or '.join(old[key])}",
            )


def _rules(before: Flag, after: Flag) -> Iterator[Difference]:
    old = {rule.name: rule for rule in before.rules}
    new = {rule.name: rule for rule in after.rules}
    renamed = {
        rule.name: rule.was
        for rule in after.rules
        if rule.name not in old and rule.was in old and rule.was not in new
    }
    for name in old:
        if name not in new and name not in renamed.values():
            yield Difference("retarget", f"rule {name} goes")
    for name, rule in new.items():
        earlier = old.get(name) or old.get(renamed.get(name) or "")
        if earlier is None:
            yield Difference("retarget", f"rule {name} comes: {_rule_text(rule)}")
            continue
        if name in renamed:
            yield Difference("none", f"rule {earlier.name} is called {name}")
        yield from _rule(earlier, rule, _quiet(before), renamed=name in renamed)
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        order = ", ".join(name for name in new if name in old)
        yield Difference("retarget", f"rules change their order: {order}")


def _rule(before: Rule, after: Rule, quiet: str | None, *, renamed: bool) -> Iterator[Difference]:
    prefix = f"rule {after.name}: "
    if before.when != after.when:
        yield Difference("retarget", f"{prefix}when {_when(before.when)} → {_when(after.when)}")
    yield from _by(prefix, before.by, after.by)
    for field in _RULE_PLAIN:
        if not (renamed and field == "was"):
            yield from _plain("retarget", prefix, field, before, after)
    if before.percentage != after.percentage:
        shown = f"{_percentage(before.percentage)} → {_percentage(after.percentage)}"
        kind = _gate_kind(before.percentage, after.percentage)
        yield Difference(kind, f"{prefix}percentage {shown}")
    if before.serve != after.serve:
        control = None if before.experiment is None else before.experiment.control
        kind = _serve_kind(control or quiet, before.serve, after.serve)
        yield Difference(kind, f"{prefix}serve {_serve(before.serve)} → {_serve(after.serve)}")
    yield from _experiment(prefix, before.experiment, after.experiment)


def _experiment(
    prefix: str, before: Experiment | None, after: Experiment | None
) -> Iterator[Difference]:
    if before is None or after is None:
        if before is not after:
            word = "is an experiment now" if before is None else "is no experiment any more"
            yield Difference("retarget", f"{prefix}{word}")
        return
    if before.status != after.status:
        kinds: Mapping[str, ChangeKind] = {"running": "ramp_up", "paused": "ramp_down"}
        kind = kinds.get(after.status, "retarget")
        yield Difference(kind, f"{prefix}experiment {before.status} → {after.status}")
    for field in ("control", "winner", "layer"):
        yield from _plain("retarget", f"{prefix}experiment ", field, before, after)
    for field in ("hypothesis", "events"):
        yield from _plain("metadata", f"{prefix}experiment ", field, before, after)


# Which way


def _quiet(flag: Flag) -> str | None:
    """Return the variant of those who have nothing new: what is served when off."""
    if flag.off_variant is not None:
        return flag.off_variant
    return "off" if type_of(flag) == "boolean" else flag.default.serve.variant


def _towards(quiet: str | None, before: Default, after: Default) -> ChangeKind:
    if before.serve == after.serve:
        return _gate_kind(before.percentage, after.percentage)
    return _serve_kind(quiet, before.serve, after.serve)


def _gate_kind(before: int | Moving | None, after: int | Moving | None) -> ChangeKind:
    old, new = _ends(before), _ends(after)
    if new[1] != old[1]:
        return "ramp_up" if new[1] > old[1] else "ramp_down"
    return "ramp_up" if new >= old else "ramp_down"


def _ends(percentage: int | Moving | None) -> tuple[int, int]:
    if isinstance(percentage, Moving):
        return percentage.from_, percentage.to
    whole = 100_000 if percentage is None else percentage
    return whole, whole


def _serve_kind(quiet: str | None, before: Serve, after: Serve) -> ChangeKind:
    old, new = (_share_of(quiet, each) for each in (before, after))
    if old == new:
        return "retarget"
    return "ramp_up" if new < old else "ramp_down"


def _share_of(name: str | None, serve: Serve) -> int:
    if serve.split is None:
        return 100_000 if serve.variant == name else 0
    return exact_slots(serve.split).get(name or "", 0)


# In words


def _value(field: str, value: Any) -> str:
    if value is None or value in ((), {}):
        return "none"
    if field in ("starts", "ends") and isinstance(value, int):
        return format_instant(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return _json(value) if isinstance(value, dict | bool) else str(value)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 60 else text[:59] + "…"


def _name(variant: str | None) -> str:
    return "none" if variant is None else variant


def _when(condition: Condition | None) -> str:
    return "[everyone]" if condition is None else f"[{condition_text(condition)}]"


def _rule_text(rule: Rule) -> str:
    share = "" if rule.percentage is None else f"{_percentage(rule.percentage)} of "
    return f"{_serve(rule.serve)} for {share}{_when(rule.when)}"


def _default(default: Default) -> str:
    part = "" if default.percentage is None else f" for {_percentage(default.percentage)}"
    return _serve(default.serve) + part


def _serve(serve: Serve) -> str:
    if serve.split is None:
        return serve.variant or ""
    return "{" + ", ".join(f"{name}: {weight}" for name, weight in serve.split.items()) + "}"


def _percentage(value: int | Moving | None) -> str:
    if value is None:
        return "100 %"
    if isinstance(value, Moving):
        ends = f"{value.from_ / 1000:g} → {value.to / 1000:g} %"
        return f"{ends} ({format_instant(value.start)} to {format_instant(value.end)})"
    return f"{value / 1000:g} %"
