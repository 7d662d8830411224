"""Resources as JSON: a definition's fields as its file has them, under its key."""

from __future__ import annotations

from typing import Any

from burgee_compiler.source import read_yaml
from burgee_compiler.source.scalars import Unresolvable, resolve
from burgee_compiler.trees import Tree
from burgee_writer.writing.request import Entity

__all__ = ["name_of", "resource"]


def name_of(entity: Entity) -> str:
    """Return the sort of a resource, such as flag, under which answers hold it."""
    return entity.name.partition("/")[0]


def resource(tree: Tree, entity: Entity) -> dict[str, Any] | None:
    """Return a resource, None where there is none, or where its file does not read.

    Such as `{"key": "checkout.one-page", "default": "off"}`: what is read may be sent back.
    """
    path = entity.paths[0]
    try:
        data = tree.read(path)
    except OSError:
        return None
    node, _ = read_yaml(data, path)
    if not isinstance(node, dict):
        return None
    try:
        fields = resolve(node)
    except Unresolvable:
        return None
    return {"key": entity.name.partition("/")[2], **fields} if isinstance(fields, dict) else None
