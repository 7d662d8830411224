"""A changed resource as it was and as it is, as JSON, and what that changed for users in words."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from burgee_compiler.layout import ROOT_FILE
from burgee_compiler.model.files import LAYERS
from burgee_compiler.past.changes import changes_between
from burgee_compiler.past.parts import Changed
from burgee_compiler.past.resources import layers_changes, segment_changes, settings_changes
from burgee_compiler.past.version import read_node, read_segment, read_value, read_version
from burgee_compiler.source import Json, Unresolvable, resolve
from burgee_writer.history.moment import Moment
from burgee_writer.history.records import Touched
from burgee_writer.history.resources import definition_path

__all__ = ["Compared", "compare", "environments_at"]

_UNREADABLE: Final[Json] = {"unreadable": True}


class Compared(Struct, frozen=True):
    """A resource before and after; None where there is none."""

    before: Json
    after: Json
    changes: tuple[Changed, ...]


def compare(moment: Moment, touched: Touched) -> Compared:
    """Return what a commit made of a resource."""
    path = definition_path(touched, touched.key)
    old_path = definition_path(touched, touched.renamed_from or touched.key)
    if touched.entity == "file":
        return Compared(None, None, tuple(_file(touched)))
    before, after = _document(moment.before(old_path)), _document(moment.after(path))
    changes = _words(moment, touched, (old_path, path), (before, after))
    return Compared(before, after, tuple(changes))


def environments_at(moment: Moment) -> tuple[str, ...]:
    """Return the environments that burgee.yaml names, none where it does not read."""
    for document in (_document(moment.after(ROOT_FILE)), _document(moment.before(ROOT_FILE))):
        named = document.get("environments") if isinstance(document, dict) else None
        if isinstance(named, list) and named:
            return tuple(each for each in named if isinstance(each, str))
    return ()


def _words(
    moment: Moment, touched: Touched, paths: tuple[str, str], documents: tuple[Json, Json]
) -> list[Changed]:
    old, new = paths
    environments = environments_at(moment)
    if touched.entity == "flag":
        was = read_version(moment.before, touched.tenant, old)
        return changes_between(was, read_version(moment.after, touched.tenant, new), environments)
    if touched.entity == "segment":
        return segment_changes(
            read_segment(moment.before, old), read_segment(moment.after, new), environments
        )
    if touched.entity == "layers":
        layers = [
            read_value(read(path), path, LAYERS)
            for read, path in ((moment.before, old), (moment.after, new))
        ]
        return layers_changes(*layers)
    unread = [
        Changed("none", f"the file cannot be read as it was {when}")
        for document, when in zip(documents, ("before", "after"), strict=True)
        if document == _UNREADABLE
    ]
    return unread or settings_changes(*documents)


def _file(touched: Touched) -> list[Changed]:
    return [
        Changed("none", "the file comes")
        if each.before is None
        else Changed("none", "the file goes" if each.after is None else "the file changed")
        for each in touched.changes
    ]


def _document(data: bytes | None) -> Json:
    """Return a YAML file as JSON; a scalar or list is no resource."""
    if data is None:
        return None
    node = read_node(data)
    if not isinstance(node, dict):
        return _UNREADABLE
    try:
        return resolve(node)
    except Unresolvable:
        return _UNREADABLE
