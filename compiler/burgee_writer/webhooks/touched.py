"""Which tenants and which of their things a step of the branch changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from burgee_compiler.definitions import read_definition
from burgee_compiler.layout import ROOT_FILE, TENANT_FILES, key_of
from burgee_compiler.model.files import SEGMENT, Segment
from burgee_compiler.model.kinds import is_identifier
from burgee_writer.webhooks.change import Entity

__all__ = ["Names", "Read", "touched"]

Read: TypeAlias = Callable[[str], bytes | None]
"""Returns a file by its path, None where there is none."""
Names: TypeAlias = Callable[[str], Iterable[str]]
"""Returns the names in a folder."""

REPOSITORY: Final = Entity("repository", None)
_LISTS: Final = (".csv", ".txt")


def touched(paths: Iterable[str], read: Read, names: Names) -> dict[str, set[Entity]]:
    """Return what changed by tenant, given the paths that did; `read` and `names` look at both
    sides of the step. What concerns all tenants is told to those that have a tenant.yaml.
    """
    found: dict[str, set[Entity]] = {}
    for path in paths:
        if path == ROOT_FILE:
            for name in names(""):
                if is_identifier(name) and read(f"{name}/tenant.yaml") is not None:
                    found.setdefault(name, set()).add(REPOSITORY)
            continue
        tenant, _, inside = path.partition("/")
        if is_identifier(tenant):
            for entity in _entities(tenant, inside, read, names):
                found.setdefault(tenant, set()).add(entity)
    return found


def _entities(tenant: str, inside: str, read: Read, names: Names) -> Iterator[Entity]:
    if inside in TENANT_FILES:
        yield Entity(inside.removesuffix(".yaml"), None)
    elif inside.startswith("flags/") and inside.endswith(".yaml"):
        yield Entity("flag", key_of(inside.replace(".lock.yaml", ".yaml"), "flags/"))
    elif inside.startswith("segments/") and inside.endswith(".yaml"):
        yield Entity("segment", key_of(inside, "segments/"))
    elif inside.startswith("segments/") and inside.endswith(_LISTS):
        folder, _, name = f"{tenant}/{inside}".rpartition("/")
        for each in names(folder):
            path = f"{folder}/{each}"
            if each.endswith(".yaml") and name in _lists(read(path), path):
                yield Entity("segment", key_of(path, f"{tenant}/segments/"))


def _lists(data: bytes | None, path: str) -> set[object]:
    """Return the lists of members that a segment's file names."""
    segment = None if data is None else read_definition(data, path, SEGMENT, None)[0]
    if not isinstance(segment, Segment):
        return set()
    overlays = segment.environments.values()
    return {segment.members_file, *(each.members_file for each in overlays)}
