"""Paths say where a thing is in the model; a file may spell it shorter. This finds the spelling."""

from __future__ import annotations

from msgspec.structs import replace

from burgee_compiler.edit.edits import Edit, Insert, Path, Remove, Set, to_node
from burgee_compiler.edit.order import Shape, place_at
from burgee_compiler.edit.tree import find
from burgee_compiler.source import Node

__all__ = ["spelled"]


def spelled(tree: Node, edit: Edit, shape: Shape) -> Edit:
    """Return the edit of the file as it is spelled that comes to an edit of the model."""
    for depth in range(len(edit.path) + 1):
        here = find(tree, edit.path[:depth])
        if here is None:
            break
        found = _here(here, edit, depth, place_at(shape, edit.path[:depth]))
        if found is not None and found != edit:
            return found if found.path == edit.path else spelled(tree, found, shape)
    return edit


def _here(here: Node, edit: Edit, depth: int, place: str) -> Edit | None:
    """Return what an edit becomes where a short form stands at the first `depth` steps."""
    path, rest = edit.path[:depth], edit.path[depth:]
    if place == "default" and rest:
        return _default(here, edit, path, rest)
    if place == "*variant" and isinstance(here, list) and rest and isinstance(rest[0], str):
        return _listed(here, edit, path, rest)
    if place == "condition":
        return _condition(here, edit, path, rest)
    return None


def _default(here: Node, edit: Edit, path: Path, rest: Path) -> Edit | None:
    if isinstance(here, str) and isinstance(edit, Set):
        if rest == ("serve",):
            return Set(path, edit.value)
        if rest[0] == "percentage":
            value = edit.value if len(rest) == 1 else {str(rest[1]): edit.value}
            return Set(path, {"serve": here, "percentage": value})
    if isinstance(here, dict) and "split" in here and rest[0] == "serve":
        if len(rest) > 1:
            return replace(edit, path=(*path, *rest[1:]))
        if isinstance(edit, Set):
            others = {key: each for key, each in here.items() if key != "split"}
            value = to_node(edit.value)
            if isinstance(value, dict):
                return Set(path, {**value, **others})
            return Set(path, {"serve": value, **others} if others else value)
    return None


def _listed(here: list[Node], edit: Edit, path: Path, rest: Path) -> Edit | None:
    """Variants as a list of names: a name goes or comes by itself, all else needs a mapping."""
    name = str(rest[0])
    names = [str(each) for each in here if isinstance(each, str)]
    if isinstance(edit, Remove) and len(rest) == 1 and name in names:
        return Remove((*path, names.index(name)))
    if not isinstance(edit, Set):
        return None
    value = to_node(edit.value)
    for step in reversed(rest[1:]):
        value = {str(step): value}
    if value == {"value": name}:
        return Set(path, here) if name in names else Insert(path, (name,))
    whole: dict[str, Node] = {each: {"value": each} for each in names}
    before = whole.get(name, {})
    if len(rest) > 1 and isinstance(before, dict) and isinstance(value, dict):
        value = {**before, **value}
    return Set(path, {**whole, name: value})


def _condition(here: Node, edit: Edit, path: Path, rest: Path) -> Edit | None:
    if isinstance(here, list) and rest[:1] == ("all",):
        return replace(edit, path=(*path, *rest[1:]))
    if isinstance(here, dict) and rest[:1] == (0,):
        return replace(edit, path=(*path, *rest[1:]))
    if isinstance(here, dict) and not rest and isinstance(edit, Insert):
        items = list(edit.items)
        at = len(items) if edit.index is None else edit.index
        return Set(path, [here, *items] if at else [*items, here])
    return None
