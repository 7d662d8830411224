"""Which paths of a tree make a flag repository: its tenants, and the files that are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from burgee_compiler.trees import Entry

__all__ = ["ROOT_FILE", "TENANT_FILES", "TENANT_FOLDERS", "files_read", "is_tenant", "key_of"]

ROOT_FILE: Final = "burgee.yaml"
TENANT_FILES: Final = ("tenant.yaml", "attributes.yaml", "layers.yaml")
TENANT_FOLDERS: Final = ("flags", "segments")
_ENDINGS: Final = {"flags": (".yaml",), "segments": (".yaml", ".csv", ".txt")}


def is_tenant(name: str, entries: Iterable[Entry]) -> bool:
    """Return whether the top folder `name`, which holds `entries`, is a tenant.

    Folders alone make none: git does not keep empty ones, so no two clones need agree on them.
    """
    for entry in entries:
        first, _, _ = entry.path.removeprefix(name + "/").partition("/")
        if entry.path == name or (
            entry.kind != "folder" and first in (*TENANT_FILES, *TENANT_FOLDERS)
        ):
            return True
    return False


def files_read(entries: Iterable[Entry]) -> set[str]:
    """Return the paths among `entries` whose bytes decide what is built."""
    tops: dict[str, list[Entry]] = {}
    found: set[str] = set()
    for entry in entries:
        top, slash, _ = entry.path.partition("/")
        if slash:
            tops.setdefault(top, []).append(entry)
        elif entry.path == ROOT_FILE and entry.kind == "file":
            found.add(entry.path)
    for name, below in tops.items():
        if is_tenant(name, below):
            found.update(each.path for each in below if each.kind == "file" and _reads(each.path))
    return found


def _reads(path: str) -> bool:
    _, _, inside = path.partition("/")
    folder, slash, _ = inside.partition("/")
    return inside.endswith(_ENDINGS.get(folder, ())) if slash else inside in TENANT_FILES


def key_of(path: str, prefix: str) -> str:
    """Return what a definition is called whose file stands at `path`, below `prefix`."""
    return path.removeprefix(prefix).removesuffix(".yaml").replace("/", ".")
