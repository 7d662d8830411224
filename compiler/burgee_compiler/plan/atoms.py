"""Conditions as atoms: who a user is comes down to which conditions hold.

First-match order depends on nothing else of a user than which rules' conditions hold and which
prerequisites are met. So a flag's form is rewritten to ask for those as bare facts, and the
production evaluator then says, for each combination of facts, what everybody in it gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import Raw, Struct, structs

from burgee.evaluation import TenantFlags
from burgee.paths import TARGETING_KEY
from burgee.snapshot.canonical import canonical, short_digest
from burgee.snapshot.forms import (
    ConditionForm,
    FlagForm,
    OutcomeForm,
    PhaseForm,
    RequireForm,
    RuleForm,
    TableForm,
)
from burgee_compiler.emit.tenant import conditions_in

OutcomeT = TypeVar("OutcomeT", bound=OutcomeForm)

__all__ = ["FLAG", "Atom", "AtomicFlag", "atomic"]

FLAG: Final = "flag"
"""The key under which the rewritten flag is evaluated."""


class Atom(Struct, frozen=True):
    """One fact about a user: a rule's condition holds, or a prerequisite serves what is needed.

    `rules` are the names of the rules that ask for it; of a prerequisite, none.
    """

    name: str
    when: ConditionForm | None
    requires: RequireForm | None = None
    rules: tuple[str, ...] = ()


class AtomicFlag(Struct, frozen=True):
    """A flag whose conditions are atoms, ready to be evaluated under `FLAG`."""

    form: FlagForm
    flags: TenantFlags
    atoms: dict[str, Atom]


def atomic(form: FlagForm, below: Mapping[str, str], *, always_on: bool = False) -> AtomicFlag:
    """Return a flag with its conditions as atoms.

    `below` gives the closure digests of the flags that it names: a condition on a flag that has
    changed is another condition. Overrides are left out: they are of single users. With
    `always_on` it is taken as if its switch were on.
    """
    rewriting = _Rewriting(below)
    phases = tuple(rewriting.phase(phase, always_on=always_on) for phase in form.phases)
    requires = tuple(rewriting.require(each) for each in form.requires)
    written = structs.replace(form, phases=phases, requires=requires)
    entries = {FLAG: written, **rewriting.prerequisites}
    raw = {key: ("0" * 32, Raw(canonical(each))) for key, each in entries.items()}
    nothing: dict[str, frozenset[bytes]] = {}
    flags = TenantFlags("t", raw, {}, nothing.__getitem__)
    return AtomicFlag(form, flags, rewriting.atoms)


class _Rewriting:
    def __init__(self, below: Mapping[str, str]) -> None:
        self._below = below
        self.atoms: dict[str, Atom] = {}
        self.prerequisites: dict[str, FlagForm] = {}

    def phase(self, phase: PhaseForm, *, always_on: bool) -> PhaseForm:
        return structs.replace(
            phase,
            state="on" if always_on else phase.state,
            overrides=(),
            rules=tuple(self._rule(rule) for rule in phase.rules),
            default=_bucketed(phase.default),
        )

    def require(self, need: RequireForm) -> RequireForm:
        """A prerequisite becomes a flag of its own that is on where the fact holds."""
        name = self._name([need, self._below.get(need.flag, "")])
        self.atoms[name] = Atom(name, None, need)
        rule = RuleForm(name="met", when=_holds(name), serve=1)
        self.prerequisites[name] = FlagForm(
            type="boolean",
            variants=(("off", False), ("on", True)),
            phases=(PhaseForm(default=OutcomeForm(serve=0), rules=(rule,)),),
        )
        return RequireForm(flag=name, serves=("on",))

    def _rule(self, rule: RuleForm) -> RuleForm:
        written = _bucketed(rule)
        if rule.when is None:
            return written
        named = {each.flag for each in conditions_in(rule.when) if each.flag is not None}
        below = sorted((key, self._below.get(key, "")) for key in named)
        name = self._name([rule.when, below])
        known = self.atoms.get(name)
        rules = (*(() if known is None else known.rules), rule.name)
        self.atoms[name] = Atom(name, rule.when, rules=tuple(dict.fromkeys(rules)))
        return structs.replace(written, when=_holds(name))

    def _name(self, what: list[object]) -> str:
        return "@" + short_digest(canonical(what))


def _holds(name: str) -> ConditionForm:
    return ConditionForm(attribute=name, tests={"eq": True})


def _bucketed(outcome: OutcomeT) -> OutcomeT:
    """Put the unit into the salts: tables draw alike where salt and unit are the same."""
    tables: dict[str, TableForm] = {
        name: structs.replace(table, salt=f"{table.salt}|{outcome.by}")
        for name in ("gate", "split", "layer")
        if (table := getattr(outcome, name, None)) is not None
    }
    return structs.replace(outcome, by=TARGETING_KEY, **tables)
