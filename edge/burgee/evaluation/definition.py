"""A flag's definition, prepared from its form: what explanations and figures of use look at.

Evaluation itself uses the functions that `program` makes of it, and keeps none of this.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from burgee.evaluation.conditions import Condition, FindSegment, prepare_condition
from burgee.evaluation.outcomes import Outcome
from burgee.evaluation.tables import Gate
from burgee.snapshot.forms import FlagForm, OverrideForm, PhaseForm, RuleForm

__all__ = ["Definition", "Phase", "Rule"]


class Rule(Outcome):
    """A rule and its experiment."""

    __slots__ = ("ends", "experiment", "layer", "name", "starts", "when")

    def __init__(self, tenant: str, form: RuleForm, find_segment: FindSegment) -> None:
        super().__init__(tenant, form)
        self.name = form.name
        self.starts = form.starts
        self.ends = form.ends
        self.when: Condition | None = (
            None if form.when is None else prepare_condition(form.when, find_segment)
        )
        self.layer = None if form.layer is None else Gate(tenant, form.layer)
        if self.layer is not None:
            self.gates = (self.layer, *self.gates)
        self.experiment = form.experiment

    @property
    def status(self) -> str | None:
        """The state of its experiment."""
        return None if self.experiment is None else self.experiment.status


class Phase:
    """What holds from one instant until the next."""

    __slots__ = ("default", "form", "is_off", "off_variant", "overrides", "rules")

    def __init__(self, tenant: str, form: PhaseForm, find_segment: FindSegment) -> None:
        self.form = form
        self.is_off = form.state == "off"
        self.off_variant = form.off_variant
        self.default = Outcome(tenant, form.default)
        self.rules = tuple(Rule(tenant, rule, find_segment) for rule in form.rules)
        self.overrides: dict[bytes, tuple[OverrideForm, ...]] = {}
        for override in form.overrides:
            member = bytes.fromhex(override.member)
            self.overrides[member] = (*self.overrides.get(member, ()), override)


class Definition:
    """A flag of one tenant in one environment."""

    __slots__ = ("form", "key", "phases", "requires", "starts", "tenant")

    def __init__(self, key: str, form: FlagForm, tenant: str, find_segment: FindSegment) -> None:
        """Prepare a form; ValueError where it is none that can be evaluated."""
        self.key = key
        self.form = form
        self.tenant = tenant
        self.requires = tuple((need.flag, frozenset(need.serves)) for need in form.requires)
        self.phases = tuple(Phase(tenant, phase, find_segment) for phase in form.phases)
        self.starts = [phase.at for phase in form.phases[1:] if phase.at is not None]
        if not self.phases or len(self.starts) != len(self.phases) - 1:
            raise ValueError("a flag needs a first phase, and each further one its instant")
        self._check_indices()

    @property
    def depends_on(self) -> frozenset[str]:
        """The flags that it names, in `requires` and in conditions."""
        named = (each.form.flag for each in self.conditions())
        return frozenset(
            (*(key for key, _ in self.requires), *(key for key in named if key is not None))
        )

    def phase_at(self, now: int) -> Phase:
        """Return the phase in force at `now`."""
        return self.phases[bisect_right(self.starts, now)]

    def conditions(self) -> Iterable[Condition]:
        """Yield every condition of every phase, into segments too."""
        for phase in self.phases:
            for rule in phase.rules:
                if rule.when is not None:
                    yield from rule.when.walk()

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
            count = len(self.form.variants)
            if any(index is not None and not 0 <= index < count for index in named):
                raise ValueError("a phase names a variant that the flag has not")
