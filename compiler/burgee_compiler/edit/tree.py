"""Edits made on a plain tree: what the text must read back as. Trees are copied, never changed."""

from __future__ import annotations

from burgee_compiler.edit.edits import Path
from burgee_compiler.edit.refusals import AlreadyThere, NoSuchPlace, refuse
from burgee_compiler.edit.scalars import reads_as_text
from burgee_compiler.source import Node

__all__ = ["find", "inserted", "removed", "renamed", "replaced", "same"]


def find(node: Node, path: Path) -> Node | None:
    """Return what stands at a path, None where nothing does."""
    for step in path:
        if isinstance(node, dict) and step in node:
            node = node[str(step)]
        elif isinstance(node, list) and isinstance(step, int) and 0 <= step < len(node):
            node = node[step]
        else:
            return None
    return node


def same(one: Node, other: Node) -> bool:
    """Return whether two trees mean the same: text may stand in quotes in one of them."""
    if isinstance(one, str):
        if not isinstance(other, str) or str(one) != str(other):
            return False
        return reads_as_text(one) == reads_as_text(other)
    if isinstance(one, list):
        if not isinstance(other, list) or len(one) != len(other):
            return False
        return all(map(same, one, other))
    if not isinstance(other, dict) or one.keys() != other.keys():
        return False
    return all(same(one[key], other[key]) for key in one)


def replaced(node: Node, path: Path, value: Node) -> Node:
    """Return a tree with another value at a path; a mapping may get a new key at its end."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(node, dict) and isinstance(step, str) and (step in node or not rest):
        below = node.get(step, "")
        return {**node, step: replaced(below, rest, value) if rest else value}
    if isinstance(node, list) and isinstance(step, int) and 0 <= step < len(node):
        return [*node[:step], replaced(node[step], rest, value), *node[step + 1 :]]
    return refuse(NoSuchPlace(path, f"there is no {step!r}"))


def removed(node: Node, path: Path) -> Node:
    """Return a tree without the field or item at a path."""
    owner, step = _owner(node, path)
    if isinstance(owner, dict):
        return replaced(node, path[:-1], {key: each for key, each in owner.items() if key != step})
    index = int(step)
    return replaced(node, path[:-1], [*owner[:index], *owner[index + 1 :]])


def inserted(node: Node, path: Path, index: int, items: list[Node]) -> Node:
    """Return a tree with items in the list at a path, before an index."""
    found = find(node, path)
    if not isinstance(found, list) or not 0 <= index <= len(found):
        return refuse(NoSuchPlace((*path, index), "there is no such place in a list"))
    return replaced(node, path, [*found[:index], *items, *found[index:]])


def renamed(node: Node, path: Path, name: str) -> Node:
    """Return a tree with another name for the key at the end of a path."""
    owner, step = _owner(node, path)
    if not isinstance(owner, dict):
        return refuse(NoSuchPlace(path, "an item of a list has no key"))
    if name in owner and name != step:
        return refuse(AlreadyThere((*path[:-1], name), f'"{name}" is there already'))
    entries = {(name if key == step else key): each for key, each in owner.items()}
    return replaced(node, path[:-1], entries)


def _owner(node: Node, path: Path) -> tuple[dict[str, Node] | list[Node], str | int]:
    owner = find(node, path[:-1]) if path else None
    if isinstance(owner, str) or owner is None or find(node, path) is None:
        return refuse(NoSuchPlace(path, f"there is no {_shown(path)}"))
    return owner, path[-1]


def _shown(path: Path) -> str:
    return ".".join(map(str, path)) or "such place"
