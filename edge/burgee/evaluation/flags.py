"""A flag, prepared: everything that can be worked out before the first context arrives."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from burgee.evaluation.conditions import Condition, Related, prepare_condition
from burgee.evaluation.result import OpenFeatureReason, Reason, Result
from burgee.evaluation.tables import Gate, Split
from burgee.paths import TARGETING_KEY, canonical_path, getter
from burgee.snapshot.forms import FlagForm, OutcomeForm, OverrideForm, PhaseForm, RuleForm

__all__ = ["Flag", "Outcome", "Phase", "Rule"]


class Outcome:
    """What is served, and behind which tables; `by` is None for the targeting key."""

    __slots__ = ("by", "form", "gate", "gates", "get", "serve", "split")

    def __init__(self, tenant: str, form: OutcomeForm) -> None:
        self.form = form
        path = canonical_path(form.by)
        self.by = None if path == TARGETING_KEY else path
        self.get = getter(path)
        self.serve = form.serve
        self.gate = None if form.gate is None else Gate(tenant, form.gate)
        self.gates: tuple[Gate, ...] = () if self.gate is None else (self.gate,)
        self.split = None if form.split is None else Split(tenant, form.split)
        if self.serve is None and self.split is None:
            raise ValueError("an outcome serves nothing")


class Rule(Outcome):
    """A rule and its experiment."""

    __slots__ = ("ends", "experiment", "fixed", "layer", "name", "starts", "when")

    def __init__(self, form: RuleForm, related: Related) -> None:
        super().__init__(related.tenant, form)
        self.name = form.name
        self.starts = form.starts
        self.ends = form.ends
        self.when: Condition | None = (
            None if form.when is None else prepare_condition(form.when, related)
        )
        self.layer = None if form.layer is None else Gate(related.tenant, form.layer)
        if self.layer is not None:
            self.gates = (self.layer, *self.gates)
        self.experiment = form.experiment
        self.fixed: Result | None = None
        """The answer, where the condition alone decides; set once the flag is known."""

    @property
    def depends_on_condition_alone(self) -> bool:
        """Whether nothing but the condition says if the rule answers, and with what."""
        timed = self.starts is not None or self.ends is not None
        return not (timed or self.gates or self.split is not None or self.experiment is not None)


class Answers(Struct, frozen=True):
    """What a phase answers whenever it comes to it, made once and shared."""

    off: Result
    unmet: Result
    default: Result | None


class Phase:
    """What holds from one instant until the next."""

    __slots__ = ("answers", "default", "form", "is_off", "off_variant", "overrides", "rules")

    answers: Answers

    def __init__(self, form: PhaseForm, related: Related) -> None:
        self.form = form
        self.is_off = form.state == "off"
        self.off_variant = form.off_variant
        self.default = Outcome(related.tenant, form.default)
        self.rules = tuple(Rule(rule, related) for rule in form.rules)
        self.overrides: dict[bytes, tuple[OverrideForm, ...]] = {}
        for override in form.overrides:
            member = bytes.fromhex(override.member)
            self.overrides[member] = (*self.overrides.get(member, ()), override)


class Flag:
    """A flag of one tenant in one environment, ready to be evaluated."""

    __slots__ = (
        "_starts",
        "constant",
        "depends_on",
        "form",
        "key",
        "missing_key",
        "phases",
        "related",
        "requires",
        "tenant",
        "variants",
    )

    def __init__(self, key: str, form: FlagForm, related: Related) -> None:
        self.key = key
        self.form = form
        self.tenant = related.tenant
        self.variants: tuple[tuple[str, Any], ...] = form.variants
        self.requires = tuple((need.flag, frozenset(need.serves)) for need in form.requires)
        self.phases = tuple(Phase(phase, related) for phase in form.phases)
        self._starts = [phase.at for phase in form.phases[1:] if phase.at is not None]
        if not self.phases or len(self._starts) != len(self.phases) - 1:
            raise ValueError("a flag needs a first phase, and each further one its instant")
        self._check_indices()
        self.depends_on = frozenset(need.flag for need in form.requires) | frozenset(
            condition.form.flag
            for condition in self.conditions()
            if condition.form.flag is not None
        )
        self.missing_key = Result(
            key, None, None, "targeting_key_missing", "ERROR", metadata=form.metadata
        )
        for phase in self.phases:
            self._prepare_answers(phase)
        self.constant = self._constant()
        # A flag that depends on no other can outlive its set, so it must not hold on to it.
        self.related: Related | None = related if self.depends_on else None

    def answer(
        self,
        index: int | None,
        reason: Reason,
        openfeature_reason: OpenFeatureReason,
        bucket: float | None = None,
        rule: Rule | None = None,
    ) -> Result:
        """Return what serves a variant; none, or one of null, is the caller's default."""
        name, value = (None, None) if index is None else self.variants[index]
        how: OpenFeatureReason = "DISABLED" if value is None else openfeature_reason
        if rule is None:
            return Result(
                self.key, name, value, reason, how, None, None, None, bucket, self.form.metadata
            )
        return Result(
            self.key,
            name,
            value,
            reason,
            how,
            rule.name,
            None if rule.experiment is None else rule.name,
            None if rule.layer is None else rule.layer.layer,
            bucket,
            self.form.metadata,
        )

    def _prepare_answers(self, phase: Phase) -> None:
        """Make the results that depend on no bucket; evaluation hands them out as they are."""
        default = phase.default
        fixed = not default.gates and default.split is None
        phase.answers = Answers(
            off=self.answer(phase.off_variant, "flag_off", "STATIC"),
            unmet=self.answer(phase.off_variant, "prerequisite_failed", "TARGETING_MATCH"),
            default=self.answer(default.serve, "default", "STATIC") if fixed else None,
        )
        for rule in phase.rules:
            if rule.depends_on_condition_alone:
                rule.fixed = self.answer(rule.serve, "rule_match", "TARGETING_MATCH", None, rule)

    def _constant(self) -> Result | None:
        """Return the one answer that everyone gets at any time, where there is one."""
        phase = self.phases[0]
        if len(self.phases) > 1 or phase.overrides:
            return None
        if phase.is_off:
            return phase.answers.off
        return None if phase.rules or self.requires else phase.answers.default

    def conditions(self) -> Iterable[Condition]:
        """Yield every condition of every phase, into segments too."""
        for phase in self.phases:
            for rule in phase.rules:
                if rule.when is not None:
                    yield from rule.when.walk()

    def phase_at(self, now: int) -> Phase:
        """Return the phase in force at `now`."""
        if not self._starts:
            return self.phases[0]
        return self.phases[bisect_right(self._starts, now)]

    def _check_indices(self) -> None:
        """Refuse a form that names a variant there is none of; evaluation then cannot fail."""
        for phase in self.phases:
            named: list[int | None] = [phase.off_variant]
            named += [each.serve for found in phase.overrides.values() for each in found]
            for outcome in (phase.default, *phase.rules):
                named.append(outcome.serve)
                if outcome.form.split is not None:
                    named += [arm for _, _, arm in outcome.form.split.ranges]
                if isinstance(outcome, Rule) and outcome.experiment is not None:
                    named += [outcome.experiment.control, outcome.experiment.winner]
            if any(index is not None and not 0 <= index < len(self.variants) for index in named):
                raise ValueError("a phase names a variant that the flag has not")
