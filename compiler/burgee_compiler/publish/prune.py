"""Removing old documents from a target: never one that a manifest to be kept names.

Of each manifest that was published a copy stays beside it, under its digest. A copy is kept while
it is one of the newest, or was in force within the last days; so is all that it leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from burgee.load import Read, document_path
from burgee.snapshot.canonical import digest
from burgee.snapshot.forms import EnvironmentManifest
from burgee_compiler.publish.published import MANIFEST, copy_path, documents_of, reader
from burgee_compiler.publish.retry import Retry
from burgee_compiler.publish.target import Listed, Target, Unusable
from burgee_compiler.publish.uploads import signature_of

__all__ = ["Keep", "prune"]

_DAY: Final = 86_400.0
_GRACE: Final = 3_600.0
"""Seconds that a file stays at least, since another publisher may be about to name it."""
_COPY: Final = re.compile(r"manifest-[0-9a-f]{16}\.json")
_OURS: Final = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9_-]{0,127}/)?(?:manifest|flags|segments|members)-[0-9a-f]{16}"
    r"\.(?:json|bin|sig)"
)
_UNFINISHED: Final = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9_-]*/)?\.[a-z0-9-]+\.(?:json|bin|sig)\..+"
)


class Keep(Struct, frozen=True):
    """How many manifests are kept, and for how many days after another took their place."""

    days: float = 7.0
    count: int = 10


def prune(target: Target, environment: str, keep: Keep, retry: Retry) -> int | None:
    """Remove what is old in an environment; return how many files, None where none are listed.

    Raises a TargetError where something cannot be read; nothing was removed then.
    """
    listed = retry.call(lambda: target.list(environment))
    if listed is None:
        return None
    files = {each.path.removeprefix(f"{environment}/"): each for each in listed}
    old = _old(files, environment, keep, reader(target, environment, retry))
    if old:
        retry.call(lambda: target.remove([f"{environment}/{path}" for path in old]))
    return len(old)


def _old(files: dict[str, Listed], environment: str, keep: Keep, read: Read) -> Sequence[str]:
    in_force = files.get(MANIFEST)
    if in_force is None:
        return []
    # By the target's clock, and of the last change: what nobody changes does not grow old.
    now = in_force.modified
    candidates = {
        path
        for path, each in files.items()
        if each.modified < now - _GRACE and (_OURS.fullmatch(path) or _UNFINISHED.fullmatch(path))
    }
    if not candidates:
        return []
    kept: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for whole, manifest in _kept(files, environment, keep, read, now):
        kept |= {copy_path(whole), signature_of(copy_path(whole))}
        for tenant, named in set(manifest.tenants.items()) - seen:
            seen.add((tenant, named))
            inner = document_path(tenant, "manifest", named)
            documents = documents_of(read, tenant, named)
            if not documents and inner in files:
                raise Unusable(f"the manifest of {environment}/{tenant} cannot be read")
            kept |= documents | {inner, signature_of(inner)}
    return sorted(candidates - kept)


def _kept(
    files: dict[str, Listed], environment: str, keep: Keep, read: Read, now: float
) -> Iterator[tuple[str, EnvironmentManifest]]:
    """Yield the manifest in force, and of the others those to be kept, with their digests."""
    data = read(MANIFEST)
    yield digest(data), msgspec.json.decode(data, type=EnvironmentManifest)
    copies = [
        (manifest, whole, files[path].modified)
        for path in files
        if _COPY.fullmatch(path)
        for whole, manifest in _copy(read, path)
        if manifest.environment == environment
    ]
    copies.sort(key=lambda each: (each[0].epoch, each[0].sequence, each[2]), reverse=True)
    replaced = now
    for place, (manifest, whole, modified) in enumerate(copies):
        if place < keep.count or replaced >= now - max(keep.days * _DAY, _GRACE):
            yield whole, manifest
        replaced = min(replaced, modified)


def _copy(read: Read, path: str) -> Iterator[tuple[str, EnvironmentManifest]]:
    """Yield a manifest that is well; one that is not leads nobody anywhere."""
    try:
        data = read(path)
        whole = digest(data)
        if copy_path(whole) == path:
            yield whole, msgspec.json.decode(data, type=EnvironmentManifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
