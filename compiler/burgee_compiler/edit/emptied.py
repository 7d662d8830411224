"""Which collections go with their last part, and which stay empty because that says something."""

from __future__ import annotations

from typing import Final

from burgee_compiler.edit.edits import Path
from burgee_compiler.edit.order import Shape, place_at
from burgee_compiler.edit.tree import find
from burgee_compiler.source import Node

__all__ = ["with_emptied"]

_GO: Final = frozenset(
    {
        *("rules", "overrides", "requires", "schedule", "environments", "tests", "tags"),
        *("metadata", "variants", "events", "members", "excluded", "when", "holdout", "slots"),
        *("levels", "policy", "plan", "stale", "owners", "contacts", "webhooks"),
    }
)
"""Fields that mean the same left out as empty, or that may not be empty."""


def with_emptied(tree: Node, path: Path, shape: Shape) -> Path:
    """Return the path that is to be removed, so that no collection is left empty for nothing."""
    while len(path) > 1:
        owner = find(tree, path[:-1])
        if (
            isinstance(owner, str)
            or owner is None
            or len(owner) != 1
            or not _goes(path[:-1], shape)
        ):
            return path
        path = path[:-1]
    return path


def _goes(path: Path, shape: Shape) -> bool:
    above = path[-2] if len(path) > 1 else None
    if above == "environments" and place_at(shape, path) in ("flag", "rule", "segment"):
        return True
    if above == "slots" and place_at(shape, path[:-2]) == "layer":
        return True
    in_overlay = len(path) > 2 and path[-3] == "environments"
    if in_overlay or above == "set":  # there an empty list replaces the one of the base
        return path[-1] == "environments"
    return path[-1] in _GO and place_at(shape, path[:-1]) != "free"
