"""Snapshots for benchmarks: compiled from YAML where few, from one compiled form where many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks._flags import Definition, definition_yaml, many
from burgee.load import Read
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import EnvironmentManifest
from burgee_compiler.build import build
from burgee_compiler.emit import TenantForms, emit_tenant, tenant_documents
from burgee_compiler.emit.tenant import entries_of
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder

__all__ = ["compiled", "read_packed", "snapshots_of_many", "write_files"]

_TENANT = "acme"
_SAMPLE = 7_777


def compiled(flags: Sequence[Definition]) -> dict[str, bytes]:
    """Return the files of a build of `flags`, by path below the environment's folder."""
    with TemporaryDirectory() as folder:
        _write(flags, Path(folder))
        made = build(load_repository(Folder(Path(folder))), None)
    assert made.environments, made.found[:3]
    environment = made.environments[0]
    return {**environment.files, "manifest.json": environment.manifest}


def snapshots_of_many(count: int, changes: int) -> Iterator[dict[str, bytes]]:
    """Yield the files of a snapshot of `count` flags of kind b, then of `changes` later ones.

    Each later one differs from the one before in one flag. One flag is compiled, and its operands
    are exchanged in the form, since compiling 100,000 takes minutes that this does not measure.
    """
    sample = _sample()
    flags = many(count)
    raw = {
        flag.key: sample.replace(b"%d" % _SAMPLE, b"%d" % number)
        for number, flag in enumerate(flags)
    }
    entries = entries_of(_TENANT, {key: (text, frozenset()) for key, text in raw.items()})
    yield _snapshot(entries, 1)
    for change in range(changes):
        key = flags[(change + 1) * count // (changes + 1)].key
        text = raw[key].replace(b"enterprise", b"enterprises")
        entries = {**entries, **entries_of(_TENANT, {key: (text, frozenset())})}
        yield _snapshot(entries, change + 2)


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

    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return read


def _snapshot(entries: dict[str, tuple[str, msgspec.Raw]], sequence: int) -> dict[str, bytes]:
    documents = tenant_documents(TenantForms(_TENANT, "production", entries, {}, {}, {}))
    manifest = EnvironmentManifest(
        environment="production",
        compiler="0.0.0",
        epoch=0,
        sequence=sequence,
        version=f"{sequence}-{sequence:040x}",
        tenants={_TENANT: documents.manifest},
    )
    return {**documents.files, "manifest.json": canonical(manifest)}


def _sample() -> bytes:
    """Return the compiled form of one flag of kind b, whose number stands in its operands alone."""
    sample = many(_SAMPLE + 1)[_SAMPLE]
    with TemporaryDirectory() as folder:
        _write([sample], Path(folder))
        files = load_repository(Folder(Path(folder))).tenants[_TENANT]
        form = bytes(emit_tenant(files, "production").entries[sample.key][1])
    marks = (f"plan-{_SAMPLE}", f"C{_SAMPLE}", f"3.{_SAMPLE}.0")
    assert all(form.count(mark.encode()) == 1 for mark in marks), form
    assert form.count(b"%d" % _SAMPLE) == len(marks), form
    return form


def _write(flags: Sequence[Definition], folder: Path) -> None:
    (folder / "burgee.yaml").write_text("environments: [production]\n")
    for flag in flags:
        path = folder / _TENANT / "flags" / f"{flag.key.replace('.', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(definition_yaml(flag))
