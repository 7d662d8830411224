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

__all__ = ["TenantForms", "closure_digest", "depends_on", "emit_tenant"]


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
        _entries(files.name, forms),
        segments.forms,
        segments.members,
        {path: declared.type for path, declared in sorted(files.attributes.items())},
    )


def _entries(tenant: str, forms: dict[str, FlagForm]) -> dict[str, tuple[str, Raw]]:
    """Return each flag's digest, over all that can change its answers, and its raw form."""
    needs = {key: depends_on(form) for key, form in forms.items()}
    digests: dict[str, str] = {}
    entries: dict[str, tuple[str, Raw]] = {}
    for key in TopologicalSorter(needs).static_order():
        if key in forms:
            raw = canonical(forms[key])
            below = [(need, digests.get(need, "")) for need in sorted(needs[key])]
            digests[key] = closure_digest(tenant, raw, below)
            entries[key] = (digests[key], Raw(raw))
    return {key: entries[key] for key in sorted(entries)}


def closure_digest(tenant: str, raw: bytes, below: Iterable[tuple[str, str]]) -> str:
    """Return the digest of a flag's closure from its own form and its prerequisites' digests."""
    return short_digest(canonical([SEMANTICS, tenant, Raw(raw), list(below)]))


def depends_on(form: FlagForm) -> frozenset[str]:
    """Return the keys of all flags that `form` names, in `requires` and in conditions."""
    named = {need.flag for need in form.requires}
    for phase in form.phases:
        for rule in phase.rules:
            if rule.when is not None:
                named.update(_flags_in(rule.when))
    return frozenset(named)


def _flags_in(condition: ConditionForm) -> Iterator[str]:
    if condition.flag is not None:
        yield condition.flag
    below = [*(condition.all or ()), *(condition.any or ())]
    if condition.not_ is not None:
        below.append(condition.not_)
    for part in below:
        yield from _flags_in(part)
