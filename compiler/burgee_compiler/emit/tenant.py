"""One tenant in one environment: every flag's entry, and what the entries refer to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from graphlib import TopologicalSorter

from msgspec import Raw, Struct

from burgee.snapshot.canonical import canonical, short_digest
from burgee.snapshot.forms import SEMANTICS, ConditionForm, FlagForm
from burgee_compiler.emit.conditions import Segments
from burgee_compiler.emit.flags import FlagSource, emit_flag
from burgee_compiler.repository import TenantFiles

__all__ = [
    "TenantForms",
    "closure_digest",
    "conditions_in",
    "depends_on",
    "emit_tenant",
    "entries_of",
]


class TenantForms(Struct, frozen=True):
    """Entries by key, segments and member lists by digest, and declared attribute types."""

    tenant: str
    environment: str
    entries: dict[str, tuple[str, Raw]]
    segments: dict[str, bytes]
    members: dict[str, bytes]
    attributes: dict[str, str]
    held: dict[str, str] = {}


def emit_tenant(files: TenantFiles, environment: str, without: Collection[str] = ()) -> TenantForms:
    """Return a tenant's forms; flags in `without` are left out, all others must be sound."""
    segments = Segments(files, environment)
    forms: dict[str, FlagForm] = {}
    for key, file in sorted(files.flags.items()):
        if key in without or file.flag is None:
            continue
        lock = files.locks.get(key)
        source = FlagSource(
            tenant=files.name,
            key=key,
            flag=file.flag,
            lock=None if lock is None else lock.lock,
            layers=files.layers,
        )
        forms[key] = emit_flag(source, environment, segments)
    return TenantForms(
        files.name,
        environment,
        entries_of(
            files.name, {key: (canonical(form), depends_on(form)) for key, form in forms.items()}
        ),
        segments.forms,
        segments.members,
        {path: declared.type for path, declared in sorted(files.attributes.items())},
    )


def entries_of(
    tenant: str, raw: dict[str, tuple[bytes, frozenset[str]]]
) -> dict[str, tuple[str, Raw]]:
    """Return each flag's digest, over all that can change its answers, and its raw form.

    `raw` gives each flag's canonical form and the flags that it names.
    """
    digests: dict[str, str] = {}
    for key in TopologicalSorter({key: needs for key, (_, needs) in raw.items()}).static_order():
        if key in raw:
            form, needs = raw[key]
            below = [(need, digests.get(need, "")) for need in sorted(needs)]
            digests[key] = closure_digest(tenant, form, below)
    return {key: (digests[key], Raw(raw[key][0])) for key in sorted(raw)}


def closure_digest(tenant: str, raw: bytes, below: Iterable[tuple[str, str]]) -> str:
    """Return the digest of a flag's closure from its own form and its prerequisites' digests."""
    return short_digest(canonical([SEMANTICS, tenant, Raw(raw), list(below)]))


def depends_on(form: FlagForm) -> frozenset[str]:
    """Return the keys of all flags that `form` names, in `requires` and in conditions."""
    named = {need.flag for need in form.requires}
    for phase in form.phases:
        for rule in phase.rules:
            if rule.when is not None:
                conditions = conditions_in(rule.when)
                named.update(each.flag for each in conditions if each.flag is not None)
    return frozenset(named)


def conditions_in(condition: ConditionForm) -> Iterator[ConditionForm]:
    """Yield a condition and all that stand in it."""
    yield condition
    below = [*(condition.all or ()), *(condition.any or ())]
    if condition.not_ is not None:
        below.append(condition.not_)
    for part in below:
        yield from conditions_in(part)
