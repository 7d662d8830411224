"""The one evaluator: from a prepared flag, a context and a clock to a result.

Pure and total: it does no I/O, holds no state and raises for no JSON context. Flag tests, plans,
explanations and edge nodes all come through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from burgee.buckets import SLOTS, member_digest, slot_of
from burgee.evaluation.flags import Flag, Outcome, Phase, Rule
from burgee.evaluation.result import OpenFeatureReason, Result
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


_NO_UNIT: Final = _Pick(no_unit=True)
_ANY_UNIT: Final = "any"
"""Stands for the unit where slots are chosen and nothing is hashed."""


def decide(flag: Flag, context: Context, now: int, run: Run | None = None) -> Result:
    """Return what `flag` serves to `context` at `now` (microseconds since 1970)."""
    if run is None and flag.depends_on:
        run = Run()
    phase = flag.phase_at(now)
    if phase.overrides:
        pinned = _override(flag, phase, context, now)
        if pinned is not None:
            return pinned
    if phase.is_off:
        return phase.answers.off
    if run is not None and not _prerequisites_met(flag, context, now, run):
        return phase.answers.unmet
    for rule in phase.rules:
        if run is None and rule.fixed is not None:
            if rule.when is None or rule.when.test(context, now, None):
                return rule.fixed
            continue
        result = _try_rule(flag, rule, context, now, run)
        if result is not None:
            return result
    result = _default(flag, phase, context, now, run)
    if run is not None and run.recorder is not None:
        run.recorder.default(phase.default, result)
    return result


def _override(flag: Flag, phase: Phase, context: Context, now: int) -> Result | None:
    unit = unit_of(context.get(TARGETING_KEY))
    if unit is None:
        return None
    for override in phase.overrides.get(member_digest(flag.tenant, unit), ()):
        if override.expires is None or now < override.expires:
            return flag.answer(override.serve, "override", "TARGETING_MATCH")
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
            return flag.missing_key
        return _note(run, rule, "no_unit")
    if not pick.admitted:
        return _note(run, rule, "kept_out")
    _note(run, rule, "served")
    if experiment is None:
        how: OpenFeatureReason = "SPLIT" if pick.sampled else "TARGETING_MATCH"
        return flag.answer(pick.arm, "rule_match", how, pick.bucket, rule)
    if status == "running":
        return flag.answer(pick.arm, "experiment_assigned", "SPLIT", pick.bucket, rule)
    if status == "paused":
        control = experiment.control
        return flag.answer(control, "experiment_paused", "TARGETING_MATCH", pick.bucket, rule)
    winner = experiment.control if experiment.winner is None else experiment.winner
    return flag.answer(winner, "rule_match", "TARGETING_MATCH", pick.bucket, rule)


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
    if phase.answers.default is not None:
        return phase.answers.default
    pick = _ask_tables(phase.default, context, now, run, with_split=True)
    if pick.no_unit:
        if phase.default.by is None:
            return flag.missing_key
        return flag.answer(phase.off_variant, "default", "STATIC")
    arm = pick.arm if pick.admitted else phase.off_variant
    if pick.sampled:
        return flag.answer(arm, "default_distribution", "SPLIT", pick.bucket)
    return flag.answer(arm, "default", "STATIC")


def _ask_tables(
    outcome: Outcome, context: Context, now: int, run: Run | None, *, with_split: bool
) -> _Pick:
    """Ask layer, gate and split in turn; each hashes the same unit under a salt of its own."""
    unit: str | None = None
    bucket: float | None = None
    sampled = False
    for gate in outcome.gates:
        verdict = gate.verdict(now)
        if verdict is None:
            unit = unit or _unit(outcome, context, run)
            if unit is None:
                return _NO_UNIT
            slot = _slot(gate, unit, now, run)
            verdict, sampled = gate.admits(slot, now), True
            bucket = bucket if gate.layer is not None else slot / SLOTS
        if not verdict:
            return _Pick(admitted=False, bucket=bucket, sampled=sampled)
    split = outcome.split if with_split else None
    if split is None:
        return _Pick(True, outcome.serve, bucket, sampled)
    arm = split.fixed
    if arm is None:
        unit = unit or _unit(outcome, context, run)
        if unit is None:
            return _NO_UNIT
        slot = _slot(split, unit, now, run)
        arm, bucket, sampled = split.arm(slot), slot / SLOTS, True
    return _Pick(arm >= 0, arm, bucket, sampled)


def _unit(outcome: Outcome, context: Context, run: Run | None) -> str | None:
    if run is not None and run.slots is not None:
        return _ANY_UNIT
    return unit_of(outcome.get(context))


def _slot(table: Gate | Split, unit: str, now: int, run: Run | None) -> int:
    if run is None:
        return slot_of(table.prefix, unit)
    slot = slot_of(table.prefix, unit) if run.slots is None else run.slots(table, now)
    if run.recorder is not None:
        run.recorder.table(table, None if run.slots is not None else unit, slot)
    return slot
