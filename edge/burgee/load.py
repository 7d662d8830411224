"""Loading a snapshot in the dist layout, every byte checked against its digest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from burgee.evaluation.tenant import TenantFlags
from burgee.snapshot.canonical import digest
from burgee.snapshot.documents import Data, Entries, TenantDocuments
from burgee.snapshot.forms import (
    FORMAT,
    DocumentRef,
    EnvironmentManifest,
    FlagsDocument,
    SegmentsDocument,
    TenantManifest,
)
from burgee.snapshot.members import MemberList

__all__ = [
    "ReadMembers",
    "Refused",
    "Snapshot",
    "TenantDocuments",
    "document_path",
    "load_environment",
    "load_tenant",
    "named_documents",
    "read_environment",
    "read_folder",
    "read_tenant",
    "read_verified",
]

T = TypeVar("T")
D = TypeVar("D", FlagsDocument, SegmentsDocument)
Read = Callable[[str], bytes]
"""Takes a path of the dist layout, relative to the environment's folder; OSError if absent."""
ReadMembers = Callable[[str, str], Data]
"""Takes the path of a member list and its whole digest; raises Refused as `read_verified` does."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_VERSION: Final = re.compile(r"[0-9]{1,20}-[0-9a-f]{1,64}")  # it goes into a header of every answer


_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Stamped(msgspec.Struct):
    """What documents of every format have."""

    format: tuple[int, int]


class Refused(ValueError):
    """A manifest or document that must not be served; `reason` is a word for counting."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Snapshot(msgspec.Struct, frozen=True):
    """An environment as served: its manifest, the digest of that, and its tenants' flags."""

    manifest: EnvironmentManifest
    digest: str
    tenants: dict[str, TenantFlags]
    manifests: dict[str, TenantManifest]
    data: bytes

    @property
    def order(self) -> tuple[int, int]:
        """What decides which of two snapshots is the newer one."""
        return self.manifest.epoch, self.manifest.sequence

    @property
    def version(self) -> str:
        """The version that answers carry."""
        return self.manifest.version


def document_path(tenant: str, kind: str, whole: str) -> str:
    """Return where a document of `kind` (manifest, flags, segments, members) lies."""
    ending = "bin" if kind == "members" else "json"
    return f"{tenant}/{kind}-{whole[:16]}.{ending}"


def named_documents(tenant: str, whole: str, manifest: TenantManifest) -> list[str]:
    """Return where a tenant's documents lie, its manifest first; `whole` is that one's digest."""
    named = [("manifest", whole), *(("flags", ref.digest) for ref in manifest.flags)]
    named.append(("segments", manifest.segments.digest))
    named += [("members", ref.digest) for ref in manifest.members]
    return [document_path(tenant, kind, each) for kind, each in named]


def read_folder(folder: Path) -> Read:
    """Return a reader of one environment's folder."""
    return lambda path: (folder / path).read_bytes()


def load_environment(
    read: Read,
    environment: str,
    previous: Snapshot | None = None,
    read_members: ReadMembers | None = None,
) -> Snapshot:
    """Return the snapshot that `read` leads to, every document verified.

    Tenants whose manifest is the same in `previous` are taken over from it. Member lists come from
    `read_members`, where it is given. Raises Refused where
    anything is missing, damaged, too new, or not of this environment.
    """
    data, manifest = read_environment(read, environment)
    tenants: dict[str, TenantFlags] = {}
    manifests: dict[str, TenantManifest] = {}
    for name, whole in sorted(manifest.tenants.items()):
        before = None if previous is None else previous.tenants.get(name)
        known = None if previous is None else previous.manifest.tenants.get(name)
        if previous is not None and before is not None and known == whole:
            tenants[name], manifests[name] = before, previous.manifests[name]
            continue
        manifests[name], tenants[name] = load_tenant(
            read, environment, name, whole, before, read_members
        )
    return Snapshot(manifest, digest(data), tenants, manifests, data)


def load_tenant(
    read: Read,
    environment: str,
    tenant: str,
    whole: str,
    previous: TenantFlags | None = None,
    read_members: ReadMembers | None = None,
) -> tuple[TenantManifest, TenantFlags]:
    """Return one tenant's manifest and flags; `whole` is the manifest's digest.

    Raises Refused as `load_environment` does.
    """
    before = None if previous is None else previous.documents
    found = read_tenant(read, environment, tenant, whole, before, read_members)
    try:
        members = {name: MemberList(data) for name, data in found.members.items()}
        flags = TenantFlags(tenant, found.flags, found.segments, members.__getitem__)
    except ValueError as error:
        path = document_path(tenant, "manifest", whole)
        raise Refused("malformed", f"{path}: {error}") from error
    flags.documents = found
    if previous is not None:
        flags.take_over(previous)
    return found.manifest, flags


def read_environment(read: Read, environment: str) -> tuple[bytes, EnvironmentManifest]:
    """Return an environment's manifest, as bytes and decoded; Refused where it is no such one."""
    data = _read(read, "manifest.json")
    manifest = _decode(data, EnvironmentManifest, "manifest.json")
    _check_format(manifest.format, "manifest.json")
    if manifest.environment != environment:
        raise Refused(
            "wrong_environment",
            f"the manifest is of environment {manifest.environment!r}, not {environment!r}",
        )
    if not _VERSION.fullmatch(manifest.version):
        raise Refused("malformed", f"the manifest has no proper version: {manifest.version!r}")
    return data, manifest


def read_tenant(
    read: Read,
    environment: str,
    tenant: str,
    whole: str,
    previous: TenantDocuments | None = None,
    read_members: ReadMembers | None = None,
) -> TenantDocuments:
    """Return a tenant's documents, every one verified; Refused where one of them is not well.

    Those that stand in `previous`, by digest, are taken from there.
    """
    if not _NAME.fullmatch(tenant) or not _HEX.fullmatch(whole):
        raise Refused("malformed", f"the manifest names no proper tenant or digest: {tenant!r}")
    path = document_path(tenant, "manifest", whole)
    manifest = _decode(read_verified(read, path, whole), TenantManifest, path)
    _check_format(manifest.format, path)
    if (manifest.environment, manifest.tenant) != (environment, tenant):
        raise Refused("wrong_tenant", f"{path} is of {manifest.environment}/{manifest.tenant}")
    known: Mapping[str, Entries] = {} if previous is None else previous.parts
    parts: dict[str, Entries] = {}
    for ref in manifest.flags:
        entries = known.get(ref.digest)
        if entries is None:
            entries = _document(read, tenant, "flags", ref, FlagsDocument).flags
        parts[ref.digest] = entries
    if previous is not None and previous.manifest.segments == manifest.segments:
        segments = previous.segments
    else:
        segments = _document(read, tenant, "segments", manifest.segments, SegmentsDocument).segments
    known_members = {} if previous is None else previous.members
    members: dict[str, Data] = {}
    for ref in manifest.members:
        data = known_members.get(ref.digest)
        if data is None:
            data = _members(read, tenant, ref, read_members)
        members[ref.digest] = data
    return TenantDocuments(
        manifest,
        _merged(parts, previous, path),
        segments,
        members,
        parts,
    )


def _merged(parts: Mapping[str, Entries], previous: TenantDocuments | None, path: str) -> Entries:
    """Return the entries of all parts, made from the previous ones where most are the same."""
    flags: dict[str, tuple[str, msgspec.Raw]] = {}
    if previous is None:
        new = list(parts.values())
    else:
        flags.update(previous.flags)
        for name, entries in previous.parts.items():
            if name not in parts:
                for key in entries:
                    del flags[key]
        new = [entries for name, entries in parts.items() if name not in previous.parts]
    for entries in new:
        flags.update(entries)
    if len(flags) != sum(map(len, parts.values())):
        raise Refused("malformed", f"{path} leads to a flag that stands in two documents")
    return flags


def _document(read: Read, tenant: str, kind: str, ref: DocumentRef, form: type[D]) -> D:
    path = document_path(tenant, kind, ref.digest)
    document = _decode(_bytes(read, tenant, kind, ref), form, path)
    _check_format(document.format, path)
    return document


def _members(read: Read, tenant: str, ref: DocumentRef, read_members: ReadMembers | None) -> Data:
    if read_members is None:
        return _bytes(read, tenant, "members", ref)
    if not _HEX.fullmatch(ref.digest):
        raise Refused("malformed", f"{ref.digest!r} is no digest")
    return read_members(document_path(tenant, "members", ref.digest), ref.digest)


def _bytes(read: Read, tenant: str, kind: str, ref: DocumentRef) -> bytes:
    if not _HEX.fullmatch(ref.digest):
        raise Refused("malformed", f"{ref.digest!r} is no digest")
    return read_verified(read, document_path(tenant, kind, ref.digest), ref.digest)


def _read(read: Read, path: str) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise Refused("unreadable", f"{path} cannot be read: {error.strerror or error}") from error


def read_verified(read: Read, path: str, whole: str) -> bytes:
    """Return a file whose SHA-256 is `whole`, in hex; Refused where it is not, or not there."""
    data = _read(read, path)
    if digest(data) != whole:
        raise Refused("digest", f"{path} is damaged: its SHA-256 is not the one its manifest names")
    return data


def _decode(data: bytes, form: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(data, type=form)
    except _UNREADABLE as error:
        _check_format(_format_of(data), path)  # a newer one may have any shape
        raise Refused("malformed", f"{path} is not well formed: {error}") from error


def _format_of(data: bytes) -> tuple[int, int]:
    try:
        return msgspec.json.decode(data, type=_Stamped).format
    except _UNREADABLE:
        return FORMAT


def _check_format(format_: tuple[int, int], path: str) -> None:
    if format_[0] != FORMAT[0]:
        raise Refused("format", f"{path} has format {format_[0]}, this version reads {FORMAT[0]}")
