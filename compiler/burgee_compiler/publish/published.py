"""What stands at a target for an environment."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from burgee.load import Read, Refused, document_path, named_documents, read_environment
from burgee.snapshot.canonical import digest
from burgee.snapshot.forms import EnvironmentManifest, TenantManifest
from burgee_compiler.publish.retry import Retry
from burgee_compiler.publish.target import MOST_DOCUMENT, MOST_MANIFEST, Target

__all__ = ["MANIFEST", "Published", "copy_path", "documents_of", "read_published", "reader"]

MANIFEST = "manifest.json"


class Published(Struct, frozen=True):
    """The manifest in force, and the condition under which it may be replaced.

    `manifest` is None where the bytes are no manifest that we can read; `trouble` then says why.
    """

    condition: str
    digest: str
    manifest: EnvironmentManifest | None
    trouble: str = ""


def copy_path(whole: str) -> str:
    """Return where a copy of an environment's manifest lies, by its digest; it stays there."""
    return f"manifest-{whole[:16]}.json"


def read_published(target: Target, environment: str, retry: Retry) -> Published | None:
    """Return what is in force at a target, None where there is nothing yet."""
    found = retry.call(lambda: target.read(f"{environment}/{MANIFEST}", MOST_MANIFEST))
    if found is None:
        return None
    whole = digest(found.data)
    try:
        _, manifest = read_environment(lambda _: found.data, environment)
    except Refused as error:
        return Published(found.condition, whole, None, str(error))
    return Published(found.condition, whole, manifest)


def reader(target: Target, environment: str, retry: Retry) -> Read:
    """Return a reader of one environment; FileNotFoundError where there is no such file."""

    def read(path: str) -> bytes:
        most = MOST_MANIFEST if path == MANIFEST else MOST_DOCUMENT
        found = retry.call(lambda: target.read(f"{environment}/{path}", most))
        if found is None:
            raise FileNotFoundError(2, "there is no such file", f"{target.place}/{path}")
        return found.data

    return read


def documents_of(read: Read, tenant: str, whole: str) -> frozenset[str]:
    """Return the paths of a tenant's documents; none where its manifest is gone or damaged."""
    path = document_path(tenant, "manifest", whole)
    try:
        data = read(path)
        if digest(data) != whole:
            return frozenset()
        manifest = msgspec.json.decode(data, type=TenantManifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()
    return frozenset(named_documents(tenant, whole, manifest))
