"""A tenant's forms as files of the dist layout."""

from __future__ import annotations

from typing import Final

from msgspec import Raw, Struct
from xxhash import xxh3_64_intdigest

from burgee.load import document_path
from burgee.snapshot.canonical import canonical, digest
from burgee.snapshot.forms import DocumentRef, FlagsDocument, SegmentsDocument, TenantManifest
from burgee.snapshot.members import WIDTH
from burgee_compiler.emit.tenant import TenantForms

__all__ = ["Documents", "tenant_documents"]

_PER_DOCUMENT: Final = 1_000


class Documents(Struct, frozen=True):
    """A tenant's files by path below the environment's folder, and its manifest's digest."""

    files: dict[str, bytes]
    manifest: str


def tenant_documents(forms: TenantForms) -> Documents:
    """Return the documents of a tenant and the manifest that names them."""
    files: dict[str, bytes] = {}

    def put(kind: str, data: bytes, count: int) -> DocumentRef:
        whole = digest(data)
        files[document_path(forms.tenant, kind, whole)] = data
        return DocumentRef(whole, len(data), count)

    flags = tuple(
        put("flags", canonical(FlagsDocument(part)), len(part)) for part in _parts(forms.entries)
    )
    segments = {name: Raw(data) for name, data in sorted(forms.segments.items())}
    manifest = TenantManifest(
        environment=forms.environment,
        tenant=forms.tenant,
        flags=flags,
        segments=put("segments", canonical(SegmentsDocument(segments)), len(segments)),
        members=tuple(
            put("members", data, len(data) // WIDTH) for _, data in sorted(forms.members.items())
        ),
        attributes=forms.attributes,
        held=forms.held,
    )
    return Documents(files, put("manifest", canonical(manifest), len(forms.entries)).digest)


def _parts(entries: dict[str, tuple[str, Raw]]) -> list[dict[str, tuple[str, Raw]]]:
    """Split entries by the top bits of XXH3(key), so that one change rewrites one document."""
    bits = 0
    while len(entries) > _PER_DOCUMENT << bits:
        bits += 1
    parts: list[dict[str, tuple[str, Raw]]] = [{} for _ in range(1 << bits)]
    for key, entry in entries.items():
        parts[xxh3_64_intdigest(key.encode()) >> (64 - bits) if bits else 0][key] = entry
    return parts
