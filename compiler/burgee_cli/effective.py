"""Which tenant, environment and flag a command is about."""

from __future__ import annotations

from collections.abc import Mapping

from burgee_cli.outcome import No, Usage
from burgee_compiler.diagnostics import nearest
from burgee_compiler.repository import Repository, SourceFile, TenantFiles

__all__ = ["environments_of", "known_flag", "one_of", "tenant_of"]


def environments_of(repository: Repository) -> tuple[str, ...]:
    """Return the environments in the order of burgee.yaml, none where that cannot be read."""
    return () if repository.burgee is None else repository.burgee.environments


def one_of(what: str, wanted: str | None, known: list[str]) -> str:
    """Return the one that was named, or the only one there is; Usage where neither is so."""
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted in known and wanted is not None:
        return wanted
    listed = ", ".join(known) or "none"
    if wanted is None:
        raise Usage(f"name the {what}: there are {listed}", f"add --{what} NAME")
    near = nearest(wanted, known)
    hint = f"did you mean {near}? There are: {listed}" if near else f"there are: {listed}"
    raise Usage(f"there is no {what} {wanted!r}", hint)


def tenant_of(key: str, wanted: str | None, tenants: Mapping[str, TenantFiles]) -> str:
    """Return the tenant that was named, else the only one that has the flag `key`."""
    if wanted is None:
        having = [name for name, files in tenants.items() if key in files.flags]
        if len(having) == 1:
            return having[0]
    return one_of("tenant", wanted, list(tenants))


def known_flag(files: TenantFiles, key: str) -> SourceFile:
    """Return a flag's file; No where the tenant has no such flag."""
    file = files.flags.get(key)
    if file is not None:
        return file
    near = nearest(key, files.flags)
    hint = f"did you mean {near}?" if near else f"`burgee list --tenant {files.name}` shows them"
    raise No(f"tenant {files.name} has no flag {key!r}", hint)
