"""One flag in one environment, as its form."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from burgee.buckets import member_digest
from burgee.paths import TARGETING_KEY, canonical_path
from burgee.snapshot.forms import (
    ExperimentForm,
    FlagForm,
    LayerForm,
    OutcomeForm,
    OverrideForm,
    PhaseForm,
    RequireForm,
    RuleForm,
)
from burgee.units import unit_of
from burgee_compiler.emit.conditions import Segments, condition_form
from burgee_compiler.emit.tables import Tables, gate_form, split_form
from burgee_compiler.model.distribution import Default, Moving, Serve
from burgee_compiler.model.files import Layer, Lock
from burgee_compiler.model.flag import Flag, Override, Rule
from burgee_compiler.model.types import type_of, variants_of
from burgee_compiler.resolve import Phase, flag_in, phases_of

__all__ = ["FlagSource", "emit_flag"]


class FlagSource(Struct, frozen=True, kw_only=True):
    """What a flag's form is made from, besides its segments."""

    tenant: str
    key: str
    flag: Flag
    lock: Lock | None
    layers: dict[str, Layer]


def emit_flag(source: FlagSource, environment: str, segments: Segments) -> FlagForm:
    """Return the form of a flag that all checks have passed."""
    flag = flag_in(source.flag, environment)
    kind = type_of(source.flag)
    values = {name: variant.value for name, variant in variants_of(flag).items()}
    emitter = _Emitter(source, environment, segments, sorted(values))
    phases: list[PhaseForm] = []
    for phase in phases_of(flag):
        form = emitter.phase(phase)
        if not phases or _content(form) != _content(phases[-1]):
            phases.append(form)
    return FlagForm(
        type=kind,
        variants=tuple((name, _value(values[name], kind)) for name in sorted(values)),
        phases=tuple(phases),
        client_side=flag.client_side,
        metadata=flag.metadata,
        tags=tuple(sorted(flag.tags)),
        requires=tuple(
            RequireForm(flag=need.flag, serves=tuple(sorted(need.serves))) for need in flag.requires
        ),
    )


def _value(value: Any, kind: str) -> Any:
    return float(value) if kind == "number" and value is not None else value


def _content(form: PhaseForm) -> dict[str, Any]:
    return {name: getattr(form, name) for name in form.__struct_fields__ if name != "at"}


class _Emitter:
    """Emits the phases of one flag; knows its variants' indices and its tables so far."""

    def __init__(
        self, source: FlagSource, environment: str, segments: Segments, names: list[str]
    ) -> None:
        self._source = source
        self._segments = segments
        self._index = {name: position for position, name in enumerate(names)}
        self._tables = Tables(source.lock, environment)
        self._salt = source.flag.seed or source.key

    def phase(self, phase: Phase) -> PhaseForm:
        flag = phase.flag
        self._tables.begin(phase.at)
        off = flag.off_variant
        if off is None and type_of(self._source.flag) == "boolean" and "off" in self._index:
            off = "off"
        return PhaseForm(
            at=phase.at,
            state="off" if flag.state == "off" else "on",  # defaults are left out by identity
            off_variant=None if off is None else self._index[off],
            overrides=tuple(
                self._override(each) for each in flag.overrides if unit_of(each.user) is not None
            ),
            rules=tuple(self._rule(rule, flag) for rule in flag.rules),
            default=self._default(flag.default, flag),
        )

    def _override(self, override: Override) -> OverrideForm:
        return OverrideForm(
            member=member_digest(self._source.tenant, override.user).hex(),
            serve=self._index[override.serve],
            expires=override.expires,
        )

    def _rule(self, rule: Rule, flag: Flag) -> RuleForm:
        draw = rule.seed or rule.was or rule.name
        split_salt = self._salt if rule.seed is None else f"{self._salt}:{rule.seed}"
        gate_salt = f"{self._salt}:gate:{draw}"
        layer = self._layer(rule)
        by = rule.by or flag.by
        if layer is not None and rule.experiment is not None:
            by = self._source.layers[layer.name].by
        outcome = self._outcome(rule.serve, rule.percentage, rule.name, split_salt, gate_salt)
        if layer is None and outcome.gate is None and outcome.split is None:
            by = TARGETING_KEY  # no table asks for it
        return RuleForm(
            name=rule.name,
            when=None if rule.when is None else condition_form(rule.when, self._segments.digest_of),
            starts=rule.starts,
            ends=rule.ends,
            layer=layer,
            experiment=self._experiment(rule),
            by=canonical_path(by),
            serve=outcome.serve,
            split=outcome.split,
            gate=outcome.gate,
        )

    def _default(self, default: Default, flag: Flag) -> OutcomeForm:
        gate_salt = f"{self._salt}:gate:default"
        outcome = self._outcome(default.serve, default.percentage, "default", self._salt, gate_salt)
        by = canonical_path(flag.by) if outcome.split or outcome.gate else TARGETING_KEY
        return OutcomeForm(serve=outcome.serve, split=outcome.split, gate=outcome.gate, by=by)

    def _outcome(
        self,
        serve: Serve,
        percentage: int | Moving | None,
        table: str,
        split_salt: str,
        gate_salt: str,
    ) -> OutcomeForm:
        gate = gate_form(percentage, gate_salt)
        if serve.split is None:
            assert serve.variant is not None
            return OutcomeForm(serve=self._index[serve.variant], gate=gate)
        ranges = self._tables.ranges(table, serve.split)
        if len(ranges) == 1:
            (only,) = ranges
            return OutcomeForm(serve=self._index[only], gate=gate)
        return OutcomeForm(split=split_form(ranges, split_salt, self._index), gate=gate)

    def _experiment(self, rule: Rule) -> ExperimentForm | None:
        experiment = rule.experiment
        if experiment is None:
            return None
        return ExperimentForm(
            status=experiment.status,
            control=self._index[experiment.control],
            winner=None if experiment.winner is None else self._index[experiment.winner],
        )

    def _layer(self, rule: Rule) -> LayerForm | None:
        if rule.experiment is None or rule.experiment.layer is None:
            return None
        name = rule.experiment.layer
        layer = self._source.layers[name]
        ranges = layer.slots.get(f"{self._source.key}/{rule.name}", ())
        return LayerForm(
            name=name,
            salt=f"@layer:{name}",
            ranges=tuple(sorted(ranges)),
            holdout=tuple(sorted(layer.holdout)),
        )
