"""The one evaluator: from a prepared flag, a context and a clock to a result.

Pure and total: it does no I/O, holds no state and raises for no JSON context. Flag tests, plans,
explanations and edge nodes all come through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from burgee.buckets import SLOTS, member_digest, slot_of
from burgee.evaluation.flags import Flag, Outcome, Phase, Rule
from burgee.evaluation.result import OpenFeatureReason, Reason, Result
from burgee.evaluation.run import Run
from burgee.evaluation.tables import Gate, Split
from burgee.paths import TARGETING_KEY
from burgee.units import unit_of

__all__ = ["decide"]

Context = Mapping[str, Any]


class _Pick(Struct, frozen=True):
    """What an outcome's tables say: let in, kept out, or no unit to ask them with."""

    admitted: bool = True
    arm: int | None = None
    bucket: float | None = None
    sampled: bool = False
    no_unit: bool = False


def decide(flag: Flag, context: Context, now: int, run: Run | None = None) -> Result:
    """Return what `flag` serves to `context` at `now` (microseconds since 1970)."""
    if run is None and flag.depends_on:
        run = Run()
    phase = flag.phase_at(now)
    if phase.overrides:
        pinned = _override(flag, phase, context, now, run)
        if pinned is not None:
            return pinned
    if phase.is_off:
        return _off(flag, phase, "flag_off", "STATIC")
    if run is not None and not _prerequisites_met(flag, context, now, run):
        return _off(flag, phase, "prerequisite_failed", "TARGETING_MATCH")
    for rule in phase.rules:
        result = _try_rule(flag, rule, context, now, run)
        if result is not None:
            return result
    result = _default(flag, phase, context, now, run)
    if run is not None and run.recorder is not None:
        run.recorder.default(phase.default, result)
    return result


def _served(
    flag: Flag,
    index: int | None,
    reason: Reason,
    openfeature_reason: OpenFeatureReason,
    bucket: float | None = None,
    rule: Rule | None = None,
) -> Result:
    """Return a result for a variant by index; none, or one of null, is the caller's default."""
    name, value = (None, None) if index is None else flag.variants[index]
    experiment = rule is not None and rule.experiment is not None
    return Result(
        flag.key,
        name,
        value,
        reason,
        "DISABLED" if value is None else openfeature_reason,
        None if rule is None else rule.name,
        rule.name if rule is not None and experiment else None,
        rule.layer.layer if rule is not None and rule.layer is not None else None,
        bucket,
        flag.form.metadata,
    )


def _off(flag: Flag, phase: Phase, reason: Reason, openfeature_reason: OpenFeatureReason) -> Result:
    return _served(flag, phase.off_variant, reason, openfeature_reason)


def _missing_key(flag: Flag) -> Result:
    return Result(
        flag.key, None, None, "targeting_key_missing", "ERROR", metadata=flag.form.metadata
    )


def _override(
    flag: Flag, phase: Phase, context: Context, now: int, run: Run | None
) -> Result | None:
    unit = unit_of(context.get(TARGETING_KEY))
    if unit is None:
        return None
    for override in phase.overrides.get(member_digest(flag.tenant, unit), ()):
        if override.expires is None or now < override.expires:
            return _served(flag, override.serve, "override", "TARGETING_MATCH")
    return None


def _prerequisites_met(flag: Flag, context: Context, now: int, run: Run) -> bool:
    for key, serves in flag.requires:
        assert flag.related is not None
        served = flag.related.served(key, context, now, run)
        if run.recorder is not None:
            run.recorder.prerequisite(key, serves, served)
        if served not in serves:
            return False
    return True


def _try_rule(flag: Flag, rule: Rule, context: Context, now: int, run: Run | None) -> Result | None:
    experiment = rule.experiment
    status = None if experiment is None else experiment.status
    verdict = _before_tables(rule, status, context, now, run)
    if verdict is not None:
        return _note(run, rule, verdict)
    pick = _ask_tables(rule, context, now, run, with_split=status in (None, "running"))
    if pick.no_unit:
        if rule.by is None:
            _note(run, rule, "targeting_key_missing")
            return _missing_key(flag)
        return _note(run, rule, "no_unit")
    if not pick.admitted:
        return _note(run, rule, "kept_out")
    _note(run, rule, "served")
    if experiment is None:
        how: OpenFeatureReason = "SPLIT" if pick.sampled else "TARGETING_MATCH"
        return _served(flag, pick.arm, "rule_match", how, pick.bucket, rule)
    if status == "running":
        return _served(flag, pick.arm, "experiment_assigned", "SPLIT", pick.bucket, rule)
    if status == "paused":
        control = experiment.control
        return _served(flag, control, "experiment_paused", "TARGETING_MATCH", pick.bucket, rule)
    winner = experiment.control if experiment.winner is None else experiment.winner
    return _served(flag, winner, "rule_match", "TARGETING_MATCH", pick.bucket, rule)


def _before_tables(
    rule: Rule, status: str | None, context: Context, now: int, run: Run | None
) -> str | None:
    """Return why a rule is passed over before any table is asked, or None."""
    if status == "draft":
        return "draft"
    if rule.starts is not None and now < rule.starts:
        return "not_started"
    if rule.ends is not None and now >= rule.ends:
        return "ended"
    if rule.when is not None and not rule.when.test(context, now, run):
        return "condition_false"
    return None


def _note(run: Run | None, rule: Rule, verdict: str) -> Result | None:
    """Tell a recorder what became of a rule; the answer is None, so that the next one is tried."""
    if run is not None and run.recorder is not None:
        run.recorder.rule(rule, verdict)
    return None


def _default(flag: Flag, phase: Phase, context: Context, now: int, run: Run | None) -> Result:
    pick = _ask_tables(phase.default, context, now, run, with_split=True)
    if pick.no_unit:
        if phase.default.by is None:
            return _missing_key(flag)
        return _off(flag, phase, "default", "STATIC")
    arm = pick.arm if pick.admitted else phase.off_variant
    if pick.sampled:
        return _served(flag, arm, "default_distribution", "SPLIT", pick.bucket)
    return _served(flag, arm, "default", "STATIC")


def _ask_tables(
    outcome: Outcome, context: Context, now: int, run: Run | None, *, with_split: bool
) -> _Pick:
    """Ask layer, gate and split in turn; each hashes the same unit under a salt of its own."""
    slots = _Slots(outcome, context, now, run)
    bucket: float | None = None
    layer = outcome.layer if isinstance(outcome, Rule) else None
    for gate in (layer, outcome.gate):
        if gate is None:
            continue
        verdict = gate.verdict(now)
        if verdict is None:
            slot = slots.of(gate)
            if slot is None:
                return _Pick(no_unit=True)
            verdict = gate.admits(slot, now)
            bucket = bucket if gate is layer else slot / SLOTS
        if not verdict:
            return _Pick(admitted=False, bucket=bucket, sampled=slots.asked)
    if not with_split or outcome.split is None:
        return _Pick(arm=outcome.serve, bucket=bucket, sampled=slots.asked)
    arm = outcome.split.fixed
    if arm is None:
        slot = slots.of(outcome.split)
        if slot is None:
            return _Pick(no_unit=True)
        arm, bucket = outcome.split.arm(slot), slot / SLOTS
    if arm < 0:
        return _Pick(admitted=False, bucket=bucket, sampled=slots.asked)
    return _Pick(arm=arm, bucket=bucket, sampled=slots.asked)


class _Slots:
    """The slots of one unit, which is looked up when the first table asks."""

    __slots__ = ("_context", "_now", "_outcome", "_run", "_unit", "asked")

    def __init__(self, outcome: Outcome, context: Context, now: int, run: Run | None) -> None:
        self._outcome = outcome
        self._context = context
        self._now = now
        self._run = run
        self._unit: str | None = None
        self.asked = False

    def of(self, table: Gate | Split) -> int | None:
        run = self._run
        if run is not None and run.slots is not None:
            self.asked = True
            slot = run.slots(table, self._now)
        else:
            if not self.asked:
                self._unit = unit_of(self._outcome.get(self._context))
                self.asked = True
            if self._unit is None:
                return None
            slot = slot_of(table.prefix, self._unit)
        if run is not None and run.recorder is not None:
            run.recorder.table(table, self._unit, slot)
        return slot
