"""A flag's effective definition in one environment at one moment, as plain data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct

from burgee.buckets import SLOTS
from burgee.evaluation.tables import Gate
from burgee.instants import format_instant
from burgee_cli.definition_changes import Change, changes
from burgee_compiler.allocate import exact_slots
from burgee_compiler.emit.tables import gate_form
from burgee_compiler.model.distribution import Moving, Serve
from burgee_compiler.model.files import Layer
from burgee_compiler.model.flag import Experiment, Flag, Rule
from burgee_compiler.model.types import type_of, variants_of
from burgee_compiler.resolve import flag_at, phases_after
from burgee_compiler.words.conditions import condition_plain

__all__ = ["Definition", "RuleShown", "ServedShown", "define"]


class MovingShown(Struct, frozen=True, rename={"from_": "from"}):
    """A percentage that moves in time."""

    from_: float
    to: float
    start: str
    end: str


class ServedShown(Struct, frozen=True, kw_only=True):
    """What is served: percent by variant of those who are let in, and percent let in."""

    shares: dict[str, float]
    percentage: float = 100
    moving: MovingShown | None = None


class ExperimentShown(Struct, frozen=True, kw_only=True):
    """What makes a rule an experiment; `slots` is its percentage of the layer."""

    status: str
    control: str
    winner: str | None
    layer: str | None
    slots: float | None


class RuleShown(Struct, frozen=True, kw_only=True):
    """One rule."""

    name: str
    description: str | None
    when: dict[str, Any] | None
    serves: ServedShown
    starts: str | None
    ends: str | None
    by: str
    seed: str | None
    experiment: ExperimentShown | None


class Definition(Struct, frozen=True, kw_only=True):
    """A flag as it stands, with what its schedules will change."""

    name: str | None
    description: str | None
    owner: str | None
    kind: str
    tags: tuple[str, ...]
    type: str
    state: str
    client_side: bool
    expires: str | None
    by: str
    seed: str
    metadata: dict[str, Any]
    variants: dict[str, Any]
    off_variant: str | None
    overrides: list[dict[str, Any]]
    requires: list[dict[str, Any]]
    rules: list[RuleShown]
    default: ServedShown
    schedule: list[Change]


def define(
    key: str, flag: Flag, environment: str, now: int, layers: dict[str, Layer]
) -> Definition:
    """Return what the flag `key` says in an environment at an instant."""
    here = flag_at(flag, environment, now)
    variants = variants_of(here)
    off = here.off_variant
    if off is None and type_of(flag) == "boolean" and "off" in variants:
        off = "off"
    return Definition(
        name=here.name,
        description=here.description,
        owner=here.owner,
        kind=here.kind,
        tags=here.tags,
        type=type_of(flag),
        state=here.state,
        client_side=here.client_side,
        expires=_instant(here.expires),
        by=here.by,
        seed=here.seed or key,
        metadata=here.metadata,
        variants={name: variant.value for name, variant in variants.items()},
        off_variant=off,
        overrides=[
            {
                "user": each.user,
                "serve": each.serve,
                "reason": each.reason,
                "expires": _instant(each.expires),
            }
            for each in here.overrides
        ],
        requires=[{"flag": each.flag, "serves": list(each.serves)} for each in here.requires],
        rules=[_rule(key, rule, here, now, layers) for rule in here.rules],
        default=_served(here.default.serve, here.default.percentage, now),
        schedule=changes(here, phases_after(flag, environment, now)),
    )


def _rule(key: str, rule: Rule, flag: Flag, now: int, layers: dict[str, Layer]) -> RuleShown:
    experiment = rule.experiment
    layer = None if experiment is None else layers.get(experiment.layer or "")
    return RuleShown(
        name=rule.name,
        description=rule.description,
        when=None if rule.when is None else condition_plain(rule.when),
        serves=_served(rule.serve, rule.percentage, now),
        starts=_instant(rule.starts),
        ends=_instant(rule.ends),
        by=layer.by if layer is not None else rule.by or flag.by,
        seed=rule.seed,
        experiment=None if experiment is None else _experiment(key, rule, experiment, layer),
    )


def _experiment(
    key: str, rule: Rule, experiment: Experiment, layer: Layer | None
) -> ExperimentShown:
    slots = None
    if layer is not None:
        ranges = layer.slots.get(f"{key}/{rule.name}", ())
        slots = _percent(sum(end - start for start, end in ranges))
    return ExperimentShown(
        status=experiment.status,
        control=experiment.control,
        winner=experiment.winner,
        layer=experiment.layer,
        slots=slots,
    )


def _served(serve: Serve, percentage: int | Moving | None, now: int) -> ServedShown:
    shares = {serve.variant or "": 100.0}
    if serve.split is not None:
        slots = exact_slots(serve.split)
        shares = {name: _percent(slots[name]) for name in serve.split}
    if isinstance(percentage, Moving):
        form = gate_form(percentage, "")
        assert form is not None
        moving = MovingShown(
            _percent(percentage.from_),
            _percent(percentage.to),
            format_instant(percentage.start),
            format_instant(percentage.end),
        )
        return ServedShown(
            shares=shares, percentage=_percent(Gate("", form).threshold(now)), moving=moving
        )
    return ServedShown(
        shares=shares, percentage=_percent(SLOTS if percentage is None else percentage)
    )


def _percent(slots: int) -> float:
    return float(Decimal(slots) / 1000)


def _instant(micros: int | None) -> str | None:
    return None if micros is None else format_instant(micros)
