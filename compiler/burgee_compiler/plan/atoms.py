"""Conditions as atoms: who a user is comes down to which conditions hold.

First-match order depends on nothing else of a user than which rules' conditions hold and which
prerequisites are met. So a flag's form is rewritten to ask for those as bare facts, and the
production evaluator then says, for each combination of facts, what everybody in it gets. Flags
below it that change too are rewritten with it: their tables are walked like its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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

__all__ = ["FLAG", "Asking", "Atom", "AtomicFlag", "atomic"]

FLAG: Final = "="
"""The key under which the rewritten flag is evaluated; no flag has such a one."""


class Asking(Struct, frozen=True):
    """A rule that asks for a fact: its flag (None: the one that is planned), and since when.

    `is_part` where it is only part of what the rule asks for.
    """

    flag: str | None
    rule: str
    since: int | None
    is_part: bool = False


class Atom(Struct, frozen=True):
    """One fact about a user: a rule's condition holds, or a prerequisite serves what is needed.

    Of a prerequisite, no rule asks for it.
    """

    name: str
    when: ConditionForm | None
    requires: RequireForm | None = None
    asking: tuple[Asking, ...] = ()


class AtomicFlag(Struct, frozen=True):
    """A flag whose conditions are atoms, ready to be evaluated under `FLAG`."""

    form: FlagForm
    flags: TenantFlags
    atoms: dict[str, Atom]


def atomic(
    form: FlagForm,
    below: Mapping[str, str],
    inlined: Mapping[str, FlagForm] | None = None,
    *,
    always_on: bool = False,
) -> AtomicFlag:
    """Return a flag with its conditions as atoms.

    `below` gives the closure digests of other flags: a condition on a flag that has changed is
    another condition. Those in `inlined` are no facts: what they serve is worked out with it.
    Overrides are left out: they are of single users. With `always_on` the flag is taken as if
    its switch were on.
    """
    found = _Found(below, inlined or {})
    entries = {FLAG: _Rewriting(found, None).form(form, always_on=always_on)}
    for key, each in found.inlined.items():
        entries[_inlined(key)] = _Rewriting(found, key).form(each, always_on=False)
    entries |= found.prerequisites
    raw = {key: ("0" * 32, Raw(canonical(each))) for key, each in entries.items()}
    nothing: dict[str, frozenset[bytes]] = {}
    flags = TenantFlags("t", raw, {}, nothing.__getitem__)
    return AtomicFlag(form, flags, found.atoms)


def _inlined(key: str) -> str:
    return f"+{key}"


class _Found:
    """What the rewriting of several flags finds."""

    def __init__(self, below: Mapping[str, str], inlined: Mapping[str, FlagForm]) -> None:
        self._below = below
        self.inlined = inlined
        self.atoms: dict[str, Atom] = {}
        self.prerequisites: dict[str, FlagForm] = {}

    def require(self, need: RequireForm) -> RequireForm:
        """A prerequisite becomes a flag of its own that is on where the fact holds."""
        if need.flag in self.inlined:
            return structs.replace(need, flag=_inlined(need.flag))
        name = self._name(need, (need.flag,))
        self.atoms[name] = Atom(name, None, need)
        rule = RuleForm(name="met", when=_holds(name), serve=1)
        self.prerequisites[name] = FlagForm(
            type="boolean",
            variants=(("off", False), ("on", True)),
            phases=(PhaseForm(default=OutcomeForm(serve=0), rules=(rule,)),),
        )
        return RequireForm(flag=name, serves=("on",))

    def condition(self, when: ConditionForm, asking: Asking) -> ConditionForm:
        """A condition becomes a fact, but for what is asked of flags that change with it."""
        if not _flags_in(when) & self.inlined.keys():
            return self._fact(when, asking)
        if when.flag is not None:
            return structs.replace(when, flag=_inlined(when.flag))
        part = structs.replace(asking, is_part=True)
        if when.not_ is not None:
            return ConditionForm(not_=self.condition(when.not_, part))
        parts = when.all if when.all is not None else when.any
        whole = _whole(parts or (), self.inlined.keys(), is_all=when.all is not None)
        forms = tuple(self.condition(each, part) for each in whole)
        return ConditionForm(all=forms) if when.all is not None else ConditionForm(any=forms)

    def _fact(self, when: ConditionForm, asking: Asking) -> ConditionForm:
        name = self._name(when, _flags_in(when))
        known = self.atoms.get(name)
        before = () if known is None else known.asking
        if not any((each.flag, each.rule) == (asking.flag, asking.rule) for each in before):
            self.atoms[name] = Atom(name, when, asking=(*before, asking))
        return _holds(name)

    def _name(self, what: object, flags: Collection[str]) -> str:
        below = [(key, self._below.get(key, "")) for key in sorted(flags)]
        return "@" + short_digest(canonical([what, below]))


class _Rewriting:
    """The rewriting of one flag, None being the one that is planned."""

    def __init__(self, found: _Found, flag: str | None) -> None:
        self._found = found
        self._flag = flag

    def form(self, form: FlagForm, *, always_on: bool) -> FlagForm:
        phases = tuple(self._phase(phase, always_on=always_on) for phase in form.phases)
        requires = tuple(self._found.require(each) for each in form.requires)
        return structs.replace(form, phases=phases, requires=requires)

    def _phase(self, phase: PhaseForm, *, always_on: bool) -> PhaseForm:
        return structs.replace(
            phase,
            state="on" if always_on else phase.state,
            overrides=(),
            rules=tuple(self._rule(rule, phase.at) for rule in phase.rules),
            default=_bucketed(phase.default),
        )

    def _rule(self, rule: RuleForm, since: int | None) -> RuleForm:
        written = _bucketed(rule)
        if rule.when is None:
            return written
        asking = Asking(self._flag, rule.name, since)
        return structs.replace(written, when=self._found.condition(rule.when, asking))


def _flags_in(when: ConditionForm) -> set[str]:
    return {each.flag for each in conditions_in(when) if each.flag is not None}


def _whole(
    parts: tuple[ConditionForm, ...], inlined: Collection[str], *, is_all: bool
) -> list[ConditionForm]:
    """Return the parts of a condition, those that ask for no such flag as one."""
    own = tuple(each for each in parts if not _flags_in(each) & set(inlined))
    rest = [each for each in parts if each not in own]
    if len(own) > 1:
        own = (ConditionForm(all=own) if is_all else ConditionForm(any=own),)
    return [*own, *rest]


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
