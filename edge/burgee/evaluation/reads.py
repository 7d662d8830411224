"""What the answers of one flag depend on beside the flag: context paths and the clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

from burgee.evaluation.conditions import Condition
from burgee.evaluation.definition import Definition, Phase, Rule
from burgee.evaluation.operators import OPERATORS
from burgee.evaluation.outcomes import Outcome
from burgee.evaluation.scope import Function
from burgee.evaluation.tables import Gate
from burgee.paths import TARGETING_KEY, canonical_path
from burgee.snapshot.canonical import canonical

__all__ = ["Reads", "Stretch", "reads_of"]


class Stretch:
    """What is read between two instants: paths, moving gates and comparisons with the clock."""

    __slots__ = ("clocks", "gates", "paths")

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.gates: dict[bytes, Gate] = {}
        self.clocks: dict[bytes, Function] = {}


class Reads:
    """What a flag reads, and when that or its answers change by themselves."""

    __slots__ = ("_changes", "_stretches", "instants", "paths")

    def __init__(
        self,
        paths: frozenset[str],
        instants: tuple[int, ...] = (),
        changes: tuple[int, ...] = (),
        stretches: tuple[Stretch, ...] = (),
    ) -> None:
        self.paths = paths
        """What a flag without a clock reads, at any time."""
        self.instants = instants
        """When answers may change."""
        self._changes = changes
        self._stretches = stretches

    def at(self, now: int) -> Stretch | None:
        """Return what is read now; None where `paths` is all there ever is."""
        if not self._stretches:
            return None
        return self._stretches[bisect_right(self._changes, now)]


@lru_cache(maxsize=4096)
def _timeless(paths: frozenset[str]) -> Reads:
    """Return the reads of a flag without a clock; most flags share one of a few."""
    return Reads(paths)


def reads_of(definition: Definition) -> Reads:
    """Return what a flag reads, itself alone."""
    changes = tuple(sorted(set(_changes(definition))))
    before_all = changes[0] - 1 if changes else 0
    stretches = tuple(_stretch(definition, at) for at in (before_all, *changes))
    first = stretches[0]
    if not changes and not first.gates and not first.clocks and not _expiries(definition):
        return _timeless(frozenset(first.paths))
    instants = tuple(sorted({*changes, *_expiries(definition)}))
    return Reads(frozenset(), instants, changes, stretches)


def _changes(definition: Definition) -> Iterable[int]:
    """Yield every instant at which a flag may come to read something else."""
    for phase in definition.phases:
        named = [phase.form.at, _last_expiry(phase)]
        for rule in phase.rules:
            named += [rule.starts, rule.ends]
        yield from (each for each in named if each is not None)


def _expiries(definition: Definition) -> set[int]:
    return {
        each.expires
        for phase in definition.phases
        for each in phase.form.overrides
        if each.expires is not None
    }


def _last_expiry(phase: Phase) -> int | None:
    """Return when the last override of a phase ends; None where one stays, or there is none."""
    ends = [each.expires for each in phase.form.overrides]
    return None if None in ends else max((each for each in ends if each is not None), default=None)


def _stretch(definition: Definition, now: int) -> Stretch:
    reads = Stretch()
    _phase(reads, definition.phase_at(now), now)
    return reads


def _phase(reads: Stretch, phase: Phase, now: int) -> None:
    last = _last_expiry(phase)
    if phase.overrides and (last is None or now < last):
        reads.paths.add(TARGETING_KEY)
    if phase.is_off:
        return
    for rule in phase.rules:
        if _in_force(rule, now):
            if rule.when is not None:
                _condition(reads, rule.when)
            _tables(reads, rule)
    _tables(reads, phase.default)


def _condition(reads: Stretch, condition: Condition) -> None:
    for each in condition.walk():
        form = each.form
        if each.segment is not None and each.segment.has_lists:
            reads.paths.add(each.segment.path)
        if form.attribute is not None:
            reads.paths.add(canonical_path(form.attribute))
            if any(OPERATORS[name].reads_clock for name in form.tests):
                reads.clocks[canonical(form)] = each.test


def _tables(reads: Stretch, outcome: Outcome) -> None:
    splits = not isinstance(outcome, Rule) or outcome.status in (None, "running")
    asks = splits and outcome.split is not None and outcome.split.fixed is None
    for gate in outcome.gates:
        if gate.moving is not None:
            reads.gates[canonical(gate.form)] = gate
        asks = asks or gate.moving is not None or gate.fixed is None
    if asks:
        reads.paths.add(outcome.path)


def _in_force(rule: Rule, now: int) -> bool:
    if rule.status == "draft":
        return False
    started = rule.starts is None or rule.starts <= now
    return started and (rule.ends is None or now < rule.ends)
