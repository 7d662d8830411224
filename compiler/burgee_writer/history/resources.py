"""Which resources a commit's changed files are of: a flag with its lock, a segment with its lists.

A flag that has another name is one resource: git finds where it was, or the flag's seed says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from burgee_compiler.layout import ROOT_FILE, TENANT_FILES, TENANT_FOLDERS
from burgee_compiler.model.files import SEGMENT, Segment
from burgee_compiler.past.steps import Step
from burgee_compiler.past.version import earlier_path, read_value, segment_lists
from burgee_writer.history.records import SHARED, Change, Entity, Touched

__all__ = ["Place", "definition_path", "is_list", "place_of", "resources", "tenant_folders"]

Place: TypeAlias = tuple[str, Entity, str | None]
"""Tenant, sort and key."""
Siblings: TypeAlias = "Callable[[str], Iterable[tuple[str, bytes]]]"
"""The YAML files of a folder, before the commit and after it: their paths and bytes."""
_SINGLE: Final[dict[str, Entity]] = {
    "tenant.yaml": "tenant",
    "attributes.yaml": "attributes",
    "layers.yaml": "layers",
}
_LISTS: Final = (".csv", ".txt")


def place_of(path: str) -> Place | None:
    """Return what a file belongs to by its path; None where it is no tenant's and not shared."""
    tenant, slash, inside = path.partition("/")
    if not slash:
        return (SHARED, "repository", None) if path == ROOT_FILE else None
    if inside in _SINGLE:
        return tenant, _SINGLE[inside], None
    folder, _, name = inside.partition("/")
    if folder == "flags" and name.endswith(".yaml"):
        return tenant, "flag", _key(name.removesuffix(".yaml").removesuffix(".lock"))
    if folder == "segments" and name.endswith(".yaml"):
        return tenant, "segment", _key(name.removesuffix(".yaml"))
    return tenant, "file", inside


def is_list(path: str) -> bool:
    """Return whether a file may be a list of ids that a segment names."""
    return path.partition("/")[2].startswith("segments/") and path.endswith(_LISTS)


def tenant_folders(changes: Iterable[Change], is_tenant: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the tenants in whose folders anything changed."""
    tops = {top for each in changes for top, slash, _ in (each.path.partition("/"),) if slash}
    known = {
        each.path.partition("/")[0]
        for each in changes
        if each.path.partition("/")[2].partition("/")[0] in (*TENANT_FILES, *TENANT_FOLDERS)
    }
    return tuple(sorted(top for top in tops if top in known or is_tenant(top)))


def resources(
    changes: Sequence[Change],
    tenants: Iterable[str],
    siblings: Siblings,
    step: Callable[[], Step] | None,
) -> tuple[Touched, ...]:
    """Return what was changed; `step` compares the commit with its parent, None for a merge."""
    found: dict[Place, list[Change]] = {}
    for each in changes:
        for place in _places(each.path, siblings):
            if place[0] == SHARED or place[0] in tenants:
                found.setdefault(place, []).append(each)
    renamed = _renames(found, step) if step is not None and _may_rename(found) else {}
    for new, old in renamed.items():
        found[new] += found.pop(old, [])
    return tuple(
        Touched(*place, tuple(found[place]), renamed[place][2] if place in renamed else None)
        for place in sorted(found, key=lambda each: (each[0], each[1], each[2] or ""))
    )


def _places(path: str, siblings: Siblings) -> Iterator[Place]:
    place = place_of(path)
    if place is None:
        return
    names = sorted(set(_naming(path, siblings))) if is_list(path) else []
    for name in names:
        yield place[0], "segment", name
    if not names:
        yield place


def _naming(path: str, siblings: Siblings) -> Iterator[str]:
    """Yield the segments that name a list, before the commit or after it."""
    for file, data in siblings(path.rpartition("/")[0]):
        segment = read_value(data, file, SEGMENT)
        if isinstance(segment, Segment) and path in segment_lists(segment, file):
            yield _key(file.partition("/segments/")[2].removesuffix(".yaml"))


def _may_rename(found: dict[Place, list[Change]]) -> bool:
    comes = {(place[0], place[1]) for place, each in found.items() if _file(place, each, "before")}
    goes = {(place[0], place[1]) for place, each in found.items() if _file(place, each, "after")}
    return bool(comes & goes)


def _file(place: Place, changes: Iterable[Change], gone: str) -> Change | None:
    """Return the change of a definition's own file that is not there before, or after."""
    if place[1] not in ("flag", "segment"):
        return None
    for each in changes:
        if getattr(each, gone) is None and each.path == _usual_path(place):
            return each
    return None


def _renames(found: dict[Place, list[Change]], make: Callable[[], Step]) -> dict[Place, Place]:
    """Return earlier places by later ones; each is taken once."""
    step = make()
    renamed: dict[Place, Place] = {}
    for place, changes in sorted(found.items(), key=lambda each: each[0][2] or ""):
        new = _file(place, changes, "before")
        if new is None:
            continue
        is_flag = place[1] == "flag"
        path = earlier_path(step, new.path) if is_flag else step.renamed.get(new.path, new.path)
        old = place_of(path)
        if old is None or old == place or old[:2] != place[:2] or old in renamed.values():
            continue
        if _file(old, found.get(old, ()), "after") is not None:
            renamed[place] = old
    return renamed


def _usual_path(place: Place) -> str:
    tenant, entity, key = place
    if entity in ("flag", "segment"):
        return f"{tenant}/{entity}s/{(key or '').replace('.', '/')}.yaml"
    if entity == "repository":
        return ROOT_FILE
    return f"{tenant}/{key or entity + '.yaml'}"


def _key(name: str) -> str:
    return name.replace("/", ".")


def definition_path(touched: Touched, key: str | None) -> str:
    """Return where the file of a resource stands, under one of its keys."""
    usual = _usual_path((touched.tenant, touched.entity, key))
    place = (touched.tenant, touched.entity, key)
    paths = [each.path for each in touched.changes if place_of(each.path) == place]
    own = [each for each in paths if not each.endswith(".lock.yaml")]
    return own[0] if own and usual not in own else usual
