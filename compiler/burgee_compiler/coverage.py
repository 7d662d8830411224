"""Rule coverage: which answers of which rules no test has seen.

What could be seen stands in the evaluator's own definition of a flag, what was seen in the results
that its tests got from it; the YAML is not read a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from msgspec import Struct

from burgee.evaluation.definition import Definition, Phase, Rule
from burgee.evaluation.outcomes import Outcome
from burgee.evaluation.tenant import TenantFlags
from burgee_compiler.emit.tenant import TenantForms
from burgee_compiler.flag_tests import TestOutcome, flags_of
from burgee_compiler.memo import Reached

__all__ = ["Coverage", "Goal", "coverage_of"]


class Goal(Struct, frozen=True):
    """An answer that a flag can give: a variant of a rule, or of the default (rule None)."""

    tenant: str
    key: str
    environment: str
    """The first environment in which the rule gives it; a test in any will do."""
    answer: Reached
    is_reached: bool


class Coverage(Struct, frozen=True):
    """All answers that the flags can give, in the order of their rules."""

    goals: tuple[Goal, ...]

    @property
    def reached(self) -> int:
        """How many answers a test has seen."""
        return sum(goal.is_reached for goal in self.goals)

    @property
    def percent(self) -> Fraction:
        """The share of answers that a test has seen; 100 where there are none."""
        return Fraction(100 * self.reached, len(self.goals)) if self.goals else Fraction(100)


def coverage_of(
    forms: Iterable[TenantForms], outcomes: Iterable[TestOutcome], *, narrowed: bool = False
) -> Coverage:
    """Return what `outcomes` cover; `narrowed` to flags of which a test ran."""
    seen: dict[str, set[Reached]] = {}
    for outcome in outcomes:
        seen.setdefault(outcome.subject, set()).update(outcome.reached)
    goals: dict[tuple[str, str], dict[Reached, str]] = {}
    for each in forms:
        flags = flags_of(each)
        for key in flags.keys():  # noqa: SIM118  no mapping
            if narrowed and f"{each.tenant}/{key}" not in seen:
                continue
            found = goals.setdefault((each.tenant, key), {})
            for answer in _answers(flags, key):
                found.setdefault(answer, each.environment)
    return Coverage(
        tuple(
            Goal(tenant, key, environment, answer, answer in seen.get(f"{tenant}/{key}", ()))
            for (tenant, key), found in sorted(goals.items())
            for answer, environment in found.items()
        )
    )


def _answers(flags: TenantFlags, key: str) -> Iterator[Reached]:
    flag = flags.get(key)
    assert flag is not None
    definition = flag.definition()
    for phase in definition.phases:
        if not phase.is_off:
            for rule in phase.rules:
                yield from _of_rule(definition, rule)
            yield from _of_default(definition, phase)


def _of_rule(definition: Definition, rule: Rule) -> Iterator[Reached]:
    if rule.status == "draft" or not _lets_in(rule):
        return
    experiment = rule.experiment
    if experiment is None or rule.status == "running":
        arms = _arms(rule)
    elif rule.status == "concluded" and experiment.winner is not None:
        arms = [experiment.winner]
    else:
        arms = [experiment.control]
    for arm in arms:
        yield Reached(rule.name, _name(definition, arm))


def _of_default(definition: Definition, phase: Phase) -> Iterator[Reached]:
    default = phase.default
    if _lets_in(default):
        for arm in _arms(default):
            yield Reached(None, _name(definition, arm))
    if any(gate.moving is not None or gate.fixed != 1 for gate in default.gates):
        yield Reached(None, _name(definition, phase.off_variant))


def _lets_in(outcome: Outcome) -> bool:
    """Return whether anybody ever gets past the gates."""
    return all(gate.moving is not None or gate.fixed != -1 for gate in outcome.gates)


def _arms(outcome: Outcome) -> list[int]:
    if outcome.split is not None:
        return sorted({arm for arm in outcome.split.arms if arm >= 0})
    return [] if outcome.serve is None else [outcome.serve]


def _name(definition: Definition, index: int | None) -> str | None:
    return None if index is None else definition.form.variants[index][0]
