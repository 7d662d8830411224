"""One tenant in one environment: every flag's entry, and what the entries refer to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter

from msgspec import Raw, Struct

from burgee.snapshot.canonical import canonical, short_digest
from burgee.snapshot.forms import SEMANTICS, ConditionForm, FlagForm
from burgee_compiler.emit.conditions import Segments
from burgee_compiler.emit.flags import FlagSource, emit_flag
from burgee_compiler.memo import FlagRecord
from burgee_compiler.progress import told
from burgee_compiler.repository import SourceFile, TenantFiles

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
    needs: dict[str, frozenset[str]] = {}
    """The flags that a flag's form names, for those that name any."""


def emit_tenant(
    files: TenantFiles,
    environment: str,
    without: Collection[str] = (),
    *,
    only: Collection[str] | None = None,
) -> TenantForms:
    """Return a tenant's forms; all must be sound but for the flags in `without`.

    Those are left out; with `only`, all that are not in it are.
    """
    memo = files.memo.environment(environment)
    segments = Segments(files, environment)
    raw: dict[str, tuple[bytes, Collection[str]]] = {}
    named: dict[str, tuple[str, ...]] = {}
    digests: dict[str, str] = {}
    for key, file in told("compiling", sorted(files.flags.items())):
        if key in without or (only is not None and key not in only) or not file.is_readable:
            continue
        record = memo.flag(key)
        if record is None:
            segments.named = set()
            form = emit_flag(_source(files, file), environment, segments)
            raw[key] = canonical(form), depends_on(form)
            named[key] = tuple(sorted(segments.named))
        else:
            raw[key] = record.raw, record.needs
            digests[key] = record.digest
            for name in record.segments:
                segments.digest_of(name)
    entries = entries_of(files.name, raw, digests)
    for key, names in named.items():
        form_bytes, needs = raw[key]
        record = FlagRecord(form_bytes, entries[key][0], tuple(sorted(needs)), names)
        memo.keep_flag(key, record)
    return TenantForms(
        files.name,
        environment,
        entries,
        segments.forms,
        segments.members,
        {path: declared.type for path, declared in sorted(files.attributes.items())},
        needs={key: frozenset(needs) for key, (_, needs) in raw.items() if needs},
    )


def _source(files: TenantFiles, file: SourceFile) -> FlagSource:
    flag = file.flag
    assert flag is not None
    lock = files.locks.get(file.name)
    return FlagSource(
        tenant=files.name,
        key=file.name,
        flag=flag,
        lock=None if lock is None else lock.lock,
        layers=files.layers,
    )


def entries_of(
    tenant: str, raw: Mapping[str, tuple[bytes, Collection[str]]], known: Mapping[str, str] = {}
) -> dict[str, tuple[str, Raw]]:
    """Return each flag's digest, over all that can change its answers, and its raw form.

    `raw` gives each flag's canonical form and the flags that it names; `known` are digests that
    need not be taken anew.
    """
    digests = dict(known)
    later = {key: needs for key, (_, needs) in raw.items() if needs and key not in known}
    for key, (form, needs) in raw.items():
        if not needs and key not in known:
            digests[key] = closure_digest(tenant, form, ())
    for key in TopologicalSorter(later).static_order():
        if key in later:
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
