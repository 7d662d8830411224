"""Whether a compiled flag gives one answer to everyone at an instant, and which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from burgee.buckets import SLOTS
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import FlagForm, GateForm, OutcomeForm, PhaseForm, RuleForm
from burgee_compiler.definitions import read_definition
from burgee_compiler.emit.conditions import Segments
from burgee_compiler.emit.flags import FlagSource, emit_flag
from burgee_compiler.model.files import LAYERS, LOCK, Lock
from burgee_compiler.model.flag import FLAG, Flag
from burgee_compiler.repository import TenantFiles

__all__ = ["One", "Read", "answer_at", "instants_of", "old_forms", "one_for_ever"]

Read: TypeAlias = "Callable[[str], bytes | None]"


class One(Struct, frozen=True):
    """The one answer: a variant's name, None for the caller's default, and its value as JSON."""

    variant: str | None
    value: bytes


def answer_at(form: FlagForm, now: int) -> One | None:
    """Return what everyone gets at `now`; None where it depends on who they are.

    No condition is looked into: a rule that serves something else counts, whomever it is for.
    """
    phase = [each for each in form.phases if each.at is None or each.at <= now][-1]
    served = {each.serve for each in phase.overrides if each.expires is None or now < each.expires}
    if phase.state == "off":
        return _one(form, {*served, phase.off_variant})
    found: set[int | None] = set(served)
    if form.requires:
        found.add(phase.off_variant)
    for rule in phase.rules:
        if _has_ended(rule, now):
            continue
        if _is_to_come(rule, now):
            return None
        arms, all_in = _rule_answers(rule, now)
        found |= arms
        if all_in and rule.when is None:
            return _one(form, found)
    return _one(form, found | _default_answers(phase, now))


def one_for_ever(form: FlagForm, now: int) -> One | None:
    """Return what everyone gets from `now` on, None where a schedule will change that."""
    answer = answer_at(form, now)
    to_come = (at for at in instants_of(form) if at > now)
    return None if any(answer_at(form, at) != answer for at in to_come) else answer


def instants_of(form: FlagForm) -> list[int]:
    """Return the instants at which answers may change by themselves, ascending."""
    return sorted({at for at in _instants(form) if at is not None})


def _instants(form: FlagForm) -> Iterator[int | None]:
    for phase in form.phases:
        yield phase.at
        yield from (each.expires for each in phase.overrides)
        for rule in phase.rules:
            yield from (rule.starts, rule.ends)
        for outcome in (phase.default, *phase.rules):
            if outcome.gate is not None and outcome.gate.moving is not None:
                yield from outcome.gate.moving[2:]


def _one(form: FlagForm, indices: set[int | None]) -> One | None:
    if len(indices) != 1:
        return None
    (index,) = indices
    name, value = (None, None) if index is None else form.variants[index]
    return One(name, canonical(value))


def _has_ended(rule: RuleForm, now: int) -> bool:
    return rule.ends is not None and rule.ends <= now


def _is_to_come(rule: RuleForm, now: int) -> bool:
    draft = rule.experiment is not None and rule.experiment.status == "draft"
    return draft or (rule.starts is not None and now < rule.starts)


def _rule_answers(rule: RuleForm, now: int) -> tuple[set[int | None], bool]:
    """Return what a rule serves, and whether it serves all whom its condition lets in."""
    gates = [gate for gate in (rule.layer, rule.gate) if gate is not None]
    shares = [_let_in(gate, now) for gate in gates]
    if 0 in shares:
        return set(), False
    experiment = rule.experiment
    if experiment is not None and experiment.status == "paused":
        arms: set[int | None] = {experiment.control}
    elif experiment is not None and experiment.status == "concluded":
        arms = {experiment.control if experiment.winner is None else experiment.winner}
    else:
        arms = _arms(rule)
    return arms, all(share == SLOTS for share in shares)


def _default_answers(phase: PhaseForm, now: int) -> set[int | None]:
    gate = phase.default.gate
    share = SLOTS if gate is None else _let_in(gate, now)
    found: set[int | None] = _arms(phase.default) if share else set()
    return found | ({phase.off_variant} if share < SLOTS else set())


def _arms(outcome: OutcomeForm) -> set[int | None]:
    if outcome.split is not None:
        return {arm for _, _, arm in outcome.split.ranges}
    return {outcome.serve}


def _let_in(gate: GateForm, now: int) -> int:
    """Return how many slots a gate lets in; of one that is moving just now, one of them."""
    if gate.moving is None:
        return sum(end - start for start, end in gate.ranges)
    first, last, start, end = gate.moving
    if now < start or now >= end:
        return first if now < start else last
    return first if first == last else 1


class _Unlooked(Segments):
    """Segments of another time: no condition is looked into, so that none need be read."""

    def digest_of(self, name: str) -> str:
        return name


def old_forms(
    read: Read, tenant: str, path: str, environments: Sequence[str]
) -> tuple[FlagForm, ...] | None:
    """Return a flag's forms by what `read` gives of its files; None where it did not build."""
    data = read(path)
    flag = None if data is None else read_definition(data, path, FLAG, None)[0]
    if not isinstance(flag, Flag):
        return None
    key = path.removeprefix(f"{tenant}/flags/").removesuffix(".yaml").replace("/", ".")
    lock, layers = (
        _definition(read, f"{path.removesuffix('.yaml')}.lock.yaml", LOCK),
        _definition(read, f"{tenant}/layers.yaml", LAYERS),
    )
    source = FlagSource(
        tenant=tenant,
        key=key,
        flag=flag,
        lock=lock if isinstance(lock, Lock) else None,
        layers=layers if isinstance(layers, dict) else {},
    )
    files = TenantFiles(name=tenant)
    try:
        return tuple(emit_flag(source, each, _Unlooked(files, each)) for each in environments)
    except Exception:  # noqa: BLE001  what was never sound need not be emitted; it was not live
        return None


def _definition(read: Read, path: str, kind: Any) -> object:
    data = read(path)
    return None if data is None else read_definition(data, path, kind, None)[0]
