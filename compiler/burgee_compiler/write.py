"""Writing a build to a folder: every file whole or not at all, the manifest last."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from burgee.load import document_path
from burgee.snapshot.forms import EnvironmentManifest, TenantManifest
from burgee.whole_files import put_whole
from burgee_compiler.build import EnvironmentBuild

__all__ = ["write_builds"]

_PRUNE_AFTER: Final = 3_600.0


def write_builds(builds: Iterable[EnvironmentBuild], out: Path) -> None:
    """Write environments below `out`; OSError where that cannot be done.

    A reader sees the old set or the new one, since a manifest comes after all that it names.
    Documents are removed an hour after the last manifest that named them was replaced, so that
    slow readers can finish.
    """
    builds = list(builds)
    for build in builds:
        for path, data in build.files.items():
            put_whole(out / build.environment / path, data)
    for build in builds:
        folder = out / build.environment
        before = _named_by(folder)
        put_whole(folder / "manifest.json", build.manifest)
        keep = before | set(build.files)
        _mark_as_of_now(folder, before - set(build.files))
        _prune(folder, keep)


def _named_by(folder: Path) -> set[str]:
    """Return the paths that the manifest in place leads to, as far as it can be read."""
    named: set[str] = set()
    try:
        manifest = msgspec.json.decode(
            (folder / "manifest.json").read_bytes(), type=EnvironmentManifest
        )
        for tenant, whole in manifest.tenants.items():
            path = document_path(tenant, "manifest", whole)
            named.add(path)
            inner = msgspec.json.decode((folder / path).read_bytes(), type=TenantManifest)
            refs = [("flags", ref) for ref in inner.flags] + [("segments", inner.segments)]
            refs += [("members", ref) for ref in inner.members]
            named |= {document_path(tenant, kind, ref.digest) for kind, ref in refs}
    except (OSError, msgspec.DecodeError):
        pass
    return named


def _mark_as_of_now(folder: Path, paths: Iterable[str]) -> None:
    """Let the hour of documents that are no longer named begin now."""
    for path in paths:
        with suppress(OSError):  # removed, or another user's
            os.utime(folder / path)


def _prune(folder: Path, keep: Iterable[str]) -> None:
    """Remove old documents, the signatures beside them, and what a killed build left behind."""
    oldest = time.time() - _PRUNE_AFTER
    kept = {path.rpartition(".")[0] for path in keep}
    documents = [f"*/{kind}-*" for kind in ("manifest", "flags", "segments", "members")]
    unfinished = ["*/.*.json.*", "*/.*.bin.*", ".manifest.json.*"]
    for path in (each for pattern in documents + unfinished for each in folder.glob(pattern)):
        known = path.relative_to(folder).as_posix().rpartition(".")[0] in kept
        with suppress(OSError):
            if not known and path.stat().st_mtime < oldest:
                path.unlink()
