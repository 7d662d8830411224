"""Snapshots written by hand, without the compiler: forms in, a folder in the dist layout out."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from msgspec import Raw, Struct, structs

from burgee.buckets import member_digest
from burgee.evaluation import TenantFlags
from burgee.load import document_path
from burgee.snapshot.canonical import canonical, digest, short_digest
from burgee.snapshot.forms import (
    ConditionForm,
    DocumentRef,
    EnvironmentManifest,
    FlagForm,
    FlagsDocument,
    OutcomeForm,
    OverrideForm,
    PhaseForm,
    RequireForm,
    RuleForm,
    SegmentForm,
    SegmentsDocument,
    SplitForm,
    TenantManifest,
)

__all__ = [
    "BOOLEAN",
    "TenantParts",
    "attribute",
    "documents",
    "flag",
    "override",
    "rule",
    "segment_digest",
    "split",
    "tenant_flags",
    "write_environment",
]

BOOLEAN: dict[str, Any] = {"off": False, "on": True}


class TenantParts(Struct, frozen=True):
    """What a tenant is made of."""

    flags: Mapping[str, FlagForm]
    segments: tuple[SegmentForm, ...] = ()
    attributes: Mapping[str, str] = {}
    held: Mapping[str, str] = {}


def flag(
    default: str | OutcomeForm = "off",
    variants: Mapping[str, Any] = BOOLEAN,
    *,
    rules: tuple[RuleForm, ...] = (),
    off: str | None = None,
    requires: Mapping[str, tuple[str, ...]] | None = None,
    **more: Any,
) -> FlagForm:
    """One phase, the type by the variants' values; `phases`, `state`, `overrides` go along."""
    names = sorted(variants)
    phase = PhaseForm(
        default=OutcomeForm(serve=names.index(default)) if isinstance(default, str) else default,
        state=more.pop("state", "on"),
        off_variant=None if off is None else names.index(off),
        overrides=more.pop("overrides", ()),
        rules=rules,
    )
    phases = tuple(more.pop("phases", (phase,)))
    return FlagForm(
        type=cast(Any, more.pop("type", None) or _type(variants)),
        variants=tuple((name, variants[name]) for name in names),
        phases=phases,
        requires=tuple(
            RequireForm(flag=key, serves=serves) for key, serves in (requires or {}).items()
        ),
        **more,
    )


def _type(variants: Mapping[str, Any]) -> str:
    value = next((value for value in variants.values() if value is not None), None)
    kinds: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "object")


def attribute(path: str, **tests: Any) -> ConditionForm:
    """A condition on an attribute; an operator that is a keyword is written with a `_` behind."""
    named = {name.removesuffix("_"): constant for name, constant in tests.items()}
    return ConditionForm(attribute=path, tests=named)


def rule(name: str, serve: int = 1, when: ConditionForm | None = None, **more: Any) -> RuleForm:
    """A rule that serves one variant, or a split where one is named."""
    return RuleForm(name=name, serve=None if "split" in more else serve, when=when, **more)


def split(salt: str, *shares: int) -> SplitForm:
    """A split by whole percent, the variants in order."""
    ranges: list[tuple[int, int, int]] = []
    start = 0
    for index, share in enumerate(shares):
        ranges.append((start, start + share * 1000, index))
        start += share * 1000
    return SplitForm(salt=salt, ranges=tuple(ranges))


def override(tenant: str, user: str, serve: int, expires: int | None = None) -> OverrideForm:
    """A pinned user."""
    return OverrideForm(member=member_digest(tenant, user).hex(), serve=serve, expires=expires)


def segment_digest(form: SegmentForm) -> str:
    """By which conditions name a segment."""
    return short_digest(canonical(form))


def documents(
    tenant: str, parts: TenantParts, environment: str = "production"
) -> tuple[dict[str, bytes], str]:
    """A tenant's files, and the digest of its manifest."""
    files: dict[str, bytes] = {}

    def put(kind: str, data: bytes, count: int) -> DocumentRef:
        whole = digest(data)
        files[document_path(tenant, kind, whole)] = data
        return DocumentRef(whole, len(data), count)

    segments = {segment_digest(form): Raw(canonical(form)) for form in parts.segments}
    manifest = TenantManifest(
        environment=environment,
        tenant=tenant,
        flags=(put("flags", canonical(FlagsDocument(_entries(tenant, parts))), len(parts.flags)),),
        segments=put("segments", canonical(SegmentsDocument(segments)), len(segments)),
        attributes=dict(parts.attributes),
        held=dict(parts.held),
    )
    return files, put("manifest", canonical(manifest), 1).digest


def _entries(tenant: str, parts: TenantParts) -> dict[str, tuple[str, Raw]]:
    """Each flag under a digest of all flags that it leads to, in whatever order they come."""
    raw = {key: canonical(form) for key, form in parts.flags.items()}
    entries: dict[str, tuple[str, Raw]] = {}
    for key, own in raw.items():
        closure: list[str] = []
        pending = [key]
        while pending:
            each = pending.pop()
            if each not in closure and each in raw:
                closure.append(each)
                pending += sorted(_named(structs.asdict(parts.flags[each])))
        named = [[each, Raw(raw[each])] for each in closure]
        entries[key] = short_digest(canonical([tenant, named])), Raw(own)
    return entries


def _named(plain: Any) -> set[str]:
    """The flags that a form names, wherever it does."""
    if isinstance(plain, Struct):
        plain = structs.asdict(plain)
    if isinstance(plain, dict):
        own = {plain["flag"]} if isinstance(plain.get("flag"), str) else set()
        return own.union(*map(_named, plain.values()))
    if isinstance(plain, list | tuple):
        return set().union(*map(_named, plain))
    return set()


def tenant_flags(tenant: str, parts: TenantParts) -> TenantFlags:
    """A tenant's flags without any file."""
    segments = {segment_digest(form): Raw(canonical(form)) for form in parts.segments}
    none: dict[str, object] = {}
    return TenantFlags(tenant, _entries(tenant, parts), segments, none.__getitem__)


def write_environment(
    root: Path,
    tenants: Mapping[str, TenantParts],
    *,
    sequence: int = 1,
    epoch: int = 0,
    environment: str = "production",
    **more: Any,
) -> bytes:
    """Write `<root>/<environment>` as a build does, the manifest last; returns the manifest."""
    folder = root / environment
    folder.mkdir(parents=True, exist_ok=True)
    digests: dict[str, str] = {}
    for tenant, parts in sorted(tenants.items()):
        files, digests[tenant] = documents(tenant, parts, environment)
        (folder / tenant).mkdir(exist_ok=True)
        for path, data in files.items():
            _write(folder / path, data)
    fields: dict[str, Any] = {
        "compiler": "0.1.0",
        "environment": environment,
        "epoch": epoch,
        "sequence": sequence,
        "version": f"{sequence}-abcdef0",
        "tenants": digests,
    }
    manifest = canonical(EnvironmentManifest(**{**fields, **more}))
    _write(folder / "manifest.json", manifest)
    return manifest


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    os.replace(temporary, path)  # noqa: PTH105  in one step, over what is there
