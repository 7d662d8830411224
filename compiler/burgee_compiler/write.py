"""Writing a build to a folder: every file whole or not at all, the manifest last."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from burgee.load import document_path
from burgee.snapshot.forms import EnvironmentManifest, TenantManifest
from burgee_compiler.build import EnvironmentBuild

__all__ = ["write_builds"]

_PRUNE_AFTER: Final = 3_600.0


def write_builds(builds: Iterable[EnvironmentBuild], out: Path) -> None:
    """Write environments below `out`; OSError where that cannot be done.

    A reader sees the old set or the new one. Documents that neither this manifest nor the last
    one names are removed once they are an hour old, so that slow readers can finish.
    """
    for build in builds:
        folder = out / build.environment
        folder.mkdir(parents=True, exist_ok=True)
        before = _named_by(folder)
        for path, data in build.files.items():
            target = folder / path
            if not _holds(target, data):
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(target, data)
        manifest = folder / "manifest.json"
        if not _holds(manifest, build.manifest):
            _write(manifest, build.manifest)
        _prune(folder, before | set(build.files))


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def _write(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # folders cannot be opened there, and renames are durable enough
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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


def _prune(folder: Path, keep: set[str]) -> None:
    oldest = time.time() - _PRUNE_AFTER
    for kind in ("manifest", "flags", "segments", "members"):
        for path in folder.glob(f"*/{kind}-*"):
            known = path.relative_to(folder).as_posix() in keep
            if not known and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
