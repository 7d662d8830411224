"""Snapshots for benchmarks: compiled from YAML where few, from one compiled form where many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks._flags import Definition, definition_yaml, many
from burgee.load import Read
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import EnvironmentManifest
from burgee_compiler.build import build
from burgee_compiler.emit.documents import tenant_documents
from burgee_compiler.emit.tenant import TenantForms, emit_tenant, entries_of
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder

__all__ = ["compiled", "read_packed", "snapshot_of_many", "write_files"]

_TENANT = "acme"
_SAMPLE = 7_777


def compiled(flags: Sequence[Definition], folder: Path) -> dict[str, bytes]:
    """Return the files of a build of `flags`, by path below the environment's folder."""
    _write(flags, folder)
    made = build(load_repository(Folder(folder)), None)
    assert made.environments, made.found[:3]
    environment = made.environments[0]
    return {**environment.files, "manifest.json": environment.manifest}


def snapshot_of_many(count: int, folder: Path, changed: int | None = None) -> dict[str, bytes]:
    """Return the files of a snapshot of `count` flags of kind b, as a build would make them.

    One flag is compiled, and its operands are exchanged in the form, since compiling 100,000 would
    take minutes that this does not measure. The flag numbered `changed` gets another operand.
    """
    sample = many(_SAMPLE + 1)[_SAMPLE]
    _write([sample], folder)
    forms = emit_tenant(load_repository(Folder(folder)).tenants[_TENANT], "production")
    raw = bytes(forms.entries[sample.key][1])
    marks = (f"plan-{_SAMPLE}", f"C{_SAMPLE}", f"3.{_SAMPLE}.0")
    assert all(mark.encode() in raw for mark in marks)
    entries: dict[str, tuple[bytes, frozenset[str]]] = {}
    for number, flag in enumerate(many(count)):
        text = raw.replace(b"%d" % _SAMPLE, b"%d" % number)
        if number == changed:
            text = text.replace(b"enterprise", b"enterprises")
        entries[flag.key] = (text, frozenset())
    documents = tenant_documents(
        TenantForms(_TENANT, "production", entries_of(_TENANT, entries), {}, {}, {})
    )
    sequence = 1 if changed is None else 2
    manifest = EnvironmentManifest(
        environment="production",
        compiler="0.0.0",
        epoch=0,
        sequence=sequence,
        version=f"{sequence}-{sequence:040x}",
        tenants={_TENANT: documents.manifest},
    )
    return {**documents.files, "manifest.json": canonical(manifest)}


def write_files(files: dict[str, bytes], folder: Path) -> None:
    """Write a snapshot below an environment's folder, its manifest last."""
    for path, data in sorted(files.items(), key=lambda each: each[0] == "manifest.json"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{path}.partial"
        partial.write_bytes(data)
        partial.replace(folder / path)


def read_packed(data: bytes) -> Read:
    """Return a reader of files that were packed into one."""
    files = msgspec.json.decode(data, type=dict[str, bytes])
    return files.__getitem__


def _write(flags: Sequence[Definition], folder: Path) -> None:
    (folder / "burgee.yaml").write_text("environments: [production]\n")
    for flag in flags:
        path = folder / _TENANT / "flags" / f"{flag.key.replace('.', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(definition_yaml(flag))
