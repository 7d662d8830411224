"""One decision, straight from the model, in the order of the table in the design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from burgee_compiler.model.distribution import Moving, Serve
from burgee_compiler.model.flag import Flag
from burgee_compiler.repository import Repository, TenantFiles
from support.slow_evaluator.conditions import Scene, holds
from support.slow_evaluator.context import is_targeting_key, unit_at, unit_of
from support.slow_evaluator.fields import Fields, fields_in, off_variant, rules_in, value_of
from support.slow_evaluator.tables import SLOTS, Ranges, slot_of, threshold
from support.slow_evaluator.tables_in_effect import table_in_effect

__all__ = ["Pinned", "SlowResult", "slow_evaluate"]

Pinned = Callable[[str, str], int | None]


class SlowResult(msgspec.Struct, frozen=True):
    """What the design says the answer is."""

    variant: str | None
    value: Any
    reason: str
    openfeature_reason: str
    rule: str | None = None
    experiment: str | None = None
    layer: str | None = None
    bucket: float | None = None
    metadata: dict[str, Any] = {}


class _KeyMissing(Exception):
    """A table needs the targeting key, and there is none."""


class _AttributeMissing(Exception):
    """A table needs another attribute, and there is none."""


class _Answer(msgspec.Struct, frozen=True):
    variant: str | None
    reason: str
    openfeature_reason: str
    rule: str | None = None
    experiment: str | None = None
    layer: str | None = None
    slot: int | None = None


def slow_evaluate(
    repository: Repository,
    tenant: str,
    key: str,
    environment: str,
    context: Mapping[str, Any],
    now_us: int,
    pinned: Pinned | None = None,
) -> SlowResult:
    """Return what `key` serves; `pinned` gives slots by salt and unit's path, or None to hash."""
    files = repository.tenants[tenant]
    return _Evaluation(files, environment, context, now_us, pinned).result(key)


class _Evaluation:
    def __init__(
        self,
        files: TenantFiles,
        environment: str,
        context: Mapping[str, Any],
        now: int,
        pinned: Pinned | None,
    ) -> None:
        self.files, self.environment, self.now = files, environment, now
        self.context, self.pinned = context, pinned
        self.scene = Scene(files, environment, context, now, self.served)
        self.decided: dict[str, SlowResult] = {}

    def served(self, key: str) -> str | None:
        """Return another flag's final variant; an error serves none."""
        return self.result(key).variant

    def result(self, key: str) -> SlowResult:
        if key not in self.decided:
            self.decided[key] = self._result(key)
        return self.decided[key]

    def _result(self, key: str) -> SlowResult:
        if key not in self.files.flags:
            return SlowResult(None, None, "flag_not_found", "ERROR")
        flag = self.files.flags[key].flag
        assert flag is not None
        fields = fields_in(flag, self.environment, self.now)
        try:
            answer = self._decide(key, flag, fields)
        except _KeyMissing:
            return SlowResult(
                None, None, "targeting_key_missing", "ERROR", metadata=fields.metadata
            )
        value = value_of(flag, fields, answer.variant)
        return SlowResult(
            answer.variant,
            value,
            answer.reason,
            "DISABLED" if value is None else answer.openfeature_reason,
            answer.rule,
            answer.experiment,
            answer.layer,
            None if answer.slot is None else answer.slot / SLOTS,
            fields.metadata,
        )

    def _decide(self, key: str, flag: Flag, fields: Fields) -> _Answer:
        user = unit_of(self.context.get("targetingKey"))
        for override in fields.overrides:
            expired = override.expires is not None and self.now >= override.expires
            if override.user == user and not expired:
                return _Answer(override.serve, "override", "TARGETING_MATCH")
        off = off_variant(flag, fields)
        if fields.state == "off":
            return _Answer(off, "flag_off", "STATIC")
        if any(self.served(need.flag) not in need.serves for need in fields.requires):
            return _Answer(off, "prerequisite_failed", "TARGETING_MATCH")
        for rule in rules_in(fields, self.environment, self.now):
            answer = self._rule(key, flag, fields, rule)
            if answer is not None:
                return answer
        return self._default(key, flag, fields, off)

    def _rule(self, key: str, flag: Flag, fields: Fields, rule: Fields) -> _Answer | None:
        """Return what a rule answers, None where it does not."""
        if rule.starts is not None and self.now < rule.starts:
            return None
        if rule.ends is not None and self.now >= rule.ends:
            return None
        if rule.experiment is not None and rule.experiment.status == "draft":
            return None
        if not holds(rule.when, self.scene):
            return None
        try:
            return self._tables(key, flag, fields, rule)
        except _AttributeMissing:
            return None

    def _tables(self, key: str, flag: Flag, fields: Fields, rule: Fields) -> _Answer | None:
        by = rule.by or fields.by
        drawn = rule.seed or rule.was or rule.name
        seed = flag.seed or key
        experiment = rule.experiment
        layer = None if experiment is None else experiment.layer
        decided = False
        if layer is not None:
            declared = self.files.layers[layer]
            by = declared.by
            slots = declared.slots.get(f"{key}/{rule.name}", ())
            table = tuple((start, end, "in") for start, end in slots)
            admitted, layer_slot = self._look_up(table, f"@layer:{layer}", by)
            decided = layer_slot is not None
            if admitted is None:
                return None
        inside, gate_slot = self._gate(rule.percentage, f"{seed}:gate:{drawn}", by)
        if not inside:
            return None
        if experiment is not None and experiment.status in ("paused", "concluded"):
            paused = experiment.status == "paused"
            return _Answer(
                experiment.control if paused else experiment.winner,
                "experiment_paused" if paused else "rule_match",
                "TARGETING_MATCH",
                rule.name,
                rule.name,
                layer,
                gate_slot,
            )
        salt = seed if rule.seed is None else f"{seed}:{rule.seed}"
        arm, split_slot = self._serve(key, flag, rule.name, rule.serve, salt, by)
        decided = decided or gate_slot is not None or split_slot is not None
        running = experiment is not None
        return _Answer(
            arm,
            "experiment_assigned" if running else "rule_match",
            "SPLIT" if running or decided else "TARGETING_MATCH",
            rule.name,
            rule.name if running else None,
            layer,
            gate_slot if split_slot is None else split_slot,
        )

    def _default(self, key: str, flag: Flag, fields: Fields, off: str | None) -> _Answer:
        seed = flag.seed or key
        default = fields.default
        try:
            inside, gate_slot = self._gate(default.percentage, f"{seed}:gate:default", fields.by)
            arm, split_slot = off, None
            if inside:
                arm, split_slot = self._serve(key, flag, "default", default.serve, seed, fields.by)
        except _AttributeMissing:
            return _Answer(off, "default", "STATIC")
        slot = gate_slot if split_slot is None else split_slot
        if slot is None:
            return _Answer(arm, "default", "STATIC")
        return _Answer(arm, "default_distribution", "SPLIT", slot=slot)

    def _serve(
        self, key: str, flag: Flag, table: str, serve: Serve, salt: str, by: str
    ) -> tuple[str | None, int | None]:
        if serve.split is None:
            return serve.variant, None
        lock = self.files.locks.get(key)
        tables = () if lock is None or lock.lock is None else lock.lock.tables
        ranges = table_in_effect(flag, tables, table, self.environment, self.now)
        return self._look_up(ranges, salt, by)

    def _gate(self, percentage: int | Moving | None, salt: str, by: str) -> tuple[bool, int | None]:
        if percentage is None:
            return True, None
        admitted = threshold(percentage, self.now)
        table: Ranges = ((0, admitted, "in"),) if admitted else ()
        arm, slot = self._look_up(table, salt, by)
        return arm is not None, slot

    def _look_up(self, table: Ranges, salt: str, by: str) -> tuple[str | None, int | None]:
        """Return the arm that a unit gets, and its slot where the table decided anything."""
        arms = {arm for _, _, arm in table}
        covered = sum(end - start for start, end, _ in table)
        if covered == 0:
            return None, None
        if len(arms) == 1 and covered == SLOTS:
            return arms.pop(), None
        slot = self._slot(salt, by)
        return next((arm for start, end, arm in table if start <= slot < end), None), slot

    def _slot(self, salt: str, by: str) -> int:
        pinned = None if self.pinned is None else self.pinned(salt, by)
        if pinned is not None:
            return pinned
        unit = unit_at(self.context, by)
        if unit is None:
            raise _KeyMissing if is_targeting_key(by) else _AttributeMissing
        return slot_of(self.files.name, salt, unit)
