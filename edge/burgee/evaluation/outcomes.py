"""Outcomes: what is served, behind which tables, and the function that asks those.

Layer, gate and split are asked in turn; each hashes the same unit under a salt of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Protocol

from burgee.evaluation.result import Result
from burgee.evaluation.scope import Function, Scope
from burgee.evaluation.tables import Gate, Split
from burgee.paths import TARGETING_KEY, canonical_path
from burgee.snapshot.forms import OutcomeForm

__all__ = ["Ending", "Outcome", "asking", "fixed_result"]

_MOST_COMPARED: Final = 4
"""Up to so many pieces, comparing with each bound in turn is quicker than a search."""
Known = Literal["no", "maybe", "yes"]
"""Whether something has happened by a line: always, never, or in some runs, when a gate moves."""


class Outcome:
    """What is served, and behind which tables; `by` is None for the targeting key."""

    __slots__ = ("by", "form", "gate", "gates", "path", "serve", "split")

    def __init__(self, tenant: str, form: OutcomeForm) -> None:
        self.form = form
        self.path = canonical_path(form.by)
        self.by = None if self.path == TARGETING_KEY else self.path
        self.serve = form.serve
        self.gate = None if form.gate is None else Gate(tenant, form.gate)
        self.gates: tuple[Gate, ...] = () if self.gate is None else (self.gate,)
        self.split = None if form.split is None else Split(tenant, form.split)
        if self.serve is None and self.split is None:
            raise ValueError("an outcome serves nothing")


class Ending(Protocol):
    """What comes of an outcome's tables; a rule's and the default's differ."""

    splits: bool
    """Whether the split is asked; a paused or concluded experiment has one answer."""

    def admitted(self, arm: int | None, *, sampled: bool) -> Result:
        """Return what who is let in gets, of an arm where one was chosen."""

    def kept_out(self, scope: Scope, *, sampled: bool) -> str:
        """Return what the function returns to who is kept out, hash `n` of a gate if sampled."""

    def no_unit(self, scope: Scope) -> str:
        """Return what the function returns where there is no unit to hash."""


def fixed_result(outcome: Outcome, ending: Ending) -> Result | None:
    """Return what everybody gets, where no table decides and all are let in."""
    if any(gate.moving is not None or gate.fixed != 1 for gate in outcome.gates):
        return None
    split = outcome.split if ending.splits else None
    arm = outcome.serve if split is None else split.fixed
    if split is not None and (arm is None or arm < 0):
        return None
    return ending.admitted(arm, sampled=False)


def asking(outcome: Outcome, ending: Ending, *, traced: bool) -> Function:
    """Return the function that asks the tables; it returns a result, or None to go on."""
    return _Asking(outcome, ending, traced=traced).function()


class _Asking:
    """Writes the function, keeping in mind what is known at the present line."""

    def __init__(self, outcome: Outcome, ending: Ending, *, traced: bool) -> None:
        self._outcome = outcome
        self._ending = ending
        self._scope = Scope(traced=traced)
        self._has_unit: Known = "no"
        self._sampled: Known = "no"
        self._in_slot: Known = "no"  # whether `n` is the hash of a gate or split

    def function(self) -> Function:
        if self._gates():
            self._serve()
        return self._scope.function()

    def _gates(self) -> bool:
        """Return whether anybody gets past the gates."""
        scope = self._scope
        for gate in self._outcome.gates:
            if gate.moving is not None:
                self._moving(gate)
            elif gate.fixed is None:
                self._draw(gate)
                with scope.block(f"if {_outside(scope, gate)}:"):
                    self._keep_out(sampled=True)
            elif gate.fixed != 1:
                self._keep_out(sampled=self._sampled == "yes")
                return False
        return True

    def _moving(self, gate: Gate) -> None:
        """A gate that stands at 0 or 100 now decides nothing, and asks for no unit."""
        scope = self._scope
        if self._has_unit == "no":
            scope.line("unit = None")
        scope.line("n = -1")
        scope.line(f"t = {scope.cell(gate.threshold)}(now)")
        with scope.block("if t <= 0:"):
            self._keep_out(sampled=self._sampled == "yes")
        before = self._has_unit, self._sampled
        with scope.block("if t < 100_000:"):
            self._draw(gate)
            with scope.block("if n * 100_000 >> 64 >= t:"):
                self._keep_out(sampled=True)
        self._has_unit = "yes" if before[0] == "yes" else "maybe"
        self._sampled = "yes" if before[1] == "yes" else "maybe"
        self._in_slot = "maybe"

    def _serve(self) -> None:
        split = self._outcome.split if self._ending.splits else None
        if split is None:
            self._return(self._outcome.serve)
        elif split.fixed is None:
            self._draw(split)
            self._split(split)
        elif split.fixed < 0:
            self._keep_out(sampled=self._sampled == "yes")
        else:
            self._return(split.fixed)

    def _split(self, split: Split) -> None:
        scope = self._scope
        arms = tuple(
            None if arm < 0 else self._ending.admitted(arm, sampled=True).answer
            for arm in split.arms
        )
        chosen = _chosen(scope, arms, split.bounds)
        if None in arms:
            scope.line(f"answer = {chosen}")
            with scope.block("if answer is None:"):
                self._keep_out(sampled=True)
            scope.line("return Result(answer, n)")
        else:
            scope.line(f"return Result({chosen}, n)")

    def _return(self, arm: int | None) -> None:
        scope, ending = self._scope, self._ending
        sampled = ending.admitted(arm, sampled=True)
        if self._sampled == "no":
            scope.line(f"return {scope.cell(ending.admitted(arm, sampled=False))}")
        elif self._in_slot == "no":
            scope.line(f"return {scope.cell(sampled)}")
        elif self._sampled == "yes":
            scope.line(f"return Result({scope.cell(sampled.answer)}, n)")
        else:
            with scope.block("if n < 0:"):
                scope.line(f"return {scope.cell(ending.admitted(arm, sampled=False))}")
            scope.line(f"return Result({scope.cell(sampled.answer)}, n)")

    def _draw(self, table: Gate | Split) -> None:
        """Hash the unit under a table; a layer's is `m`, since it is no bucket of the result."""
        scope = self._scope
        if self._has_unit == "maybe":
            with scope.block("if unit is None:"):
                self._find_unit()
        elif self._has_unit == "no":
            self._find_unit()
        self._has_unit = self._sampled = "yes"
        layered = isinstance(table, Gate) and table.layer is not None
        name = "m" if layered else "n"
        if not layered:
            self._in_slot = "yes"
        if scope.traced:
            scope.line(f"{name} = run.draw({scope.cell(table)}, unit, now)")
        else:
            scope.line(f"{name} = xxh3_64({scope.cell(table.prefix)} + unit)")

    def _find_unit(self) -> None:
        scope = self._scope
        value = scope.value(self._outcome.path)
        if scope.traced:
            scope.line(f"unit = run.unit({value})")
        else:
            # Most are text: a call of `unit_bytes`, which does the same, would cost a third more.
            scope.line(f"u = {value}")
            scope.line("try: unit = u.encode() if isinstance(u, str) else unit_bytes(u)")
            scope.line("except UnicodeEncodeError: unit = None")
        with scope.block("if not unit:"):
            scope.line(f"return {self._ending.no_unit(scope)}")

    def _keep_out(self, *, sampled: bool) -> None:
        self._scope.line(f"return {self._ending.kept_out(self._scope, sampled=sampled)}")


def _outside(scope: Scope, gate: Gate) -> str:
    name = "m" if gate.layer is not None else "n"
    if gate.arms == (1, -1):
        return f"{name} >= {scope.cell(gate.bounds[0])}"
    return f"{scope.cell(gate.arms)}[bisect_right({scope.cell(gate.bounds)}, {name})] < 0"


def _chosen(scope: Scope, arms: Sequence[object], bounds: Sequence[int]) -> str:
    """Return an expression for the arm that the hash `n` falls to."""
    if len(arms) > _MOST_COMPARED:
        return f"{scope.cell(arms)}[bisect_right({scope.cell(bounds)}, n)]"
    texts = [
        f"{scope.cell(arm)} if n < {scope.cell(bound)} else "
        for arm, bound in zip(arms[:-1], bounds[:-1], strict=True)
    ]
    return "".join(texts) + scope.cell(arms[-1])
