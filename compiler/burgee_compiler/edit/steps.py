"""One step of an edit on a document: the mark that is meant, and who patches it."""

from __future__ import annotations

from itertools import pairwise

from burgee_compiler.edit import in_block, in_flow
from burgee_compiler.edit.document import Document
from burgee_compiler.edit.edits import Path
from burgee_compiler.edit.marks import Mark
from burgee_compiler.edit.refusals import NoSuchPlace, NotPatchable, refuse
from burgee_compiler.edit.text import Splice, spliced
from burgee_compiler.source import Node

__all__ = ["added", "dropped", "put", "rekeyed", "thinned", "written"]


def written(doc: Document, path: Path, node: Node) -> str:
    """Return the text with another value where one stands."""
    if not path:
        refuse(NotPatchable(path, "the whole of a document is not replaced"))
    owner = doc.inside(path[:-1])
    old = doc.at(path)
    doc.refuse_used(old, path)
    return spliced(doc.text, _replace(doc, owner, path, node))


def _replace(doc: Document, owner: Mark, path: Path, node: Node) -> list[Splice]:
    step = path[-1]
    if owner.kind == "list":
        index = int(step)
        if owner.flow:
            return in_flow.replace_item(doc, owner, index, node, path)
        return in_block.replace_item(doc, owner, index, node, path)
    entry = owner.entry(str(step))
    if entry is None:
        return refuse(NoSuchPlace(path, f'there is no "{step}"'))
    if owner.flow:
        return in_flow.replace_value(doc, entry, node, path)
    return in_block.replace_value(doc, owner, entry, node, path)


def added(doc: Document, path: Path, node: Node) -> str:
    """Return the text with a new key in a mapping."""
    owner = doc.inside(path[:-1])
    if owner.kind != "map":
        refuse(NoSuchPlace(path, "there is no mapping that could have this key"))
    if not owner.entries and path[:-1] and not doc.inside(path[:-2]).flow:
        return written(doc, path[:-1], {str(path[-1]): node})
    if owner.flow:
        return spliced(doc.text, in_flow.add_entry(doc, owner, str(path[-1]), node, path))
    return spliced(doc.text, in_block.add_entry(doc, owner, str(path[-1]), node, path))


def put(doc: Document, path: Path, index: int, nodes: list[Node]) -> str:
    """Return the text with items in a list, before an index."""
    owner = doc.inside(path)
    if owner.kind != "list":
        refuse(NoSuchPlace(path, "there is no list here"))
    if not owner.items and path and not doc.inside(path[:-1]).flow:
        return written(doc, path, nodes)
    if owner.flow:
        return spliced(doc.text, in_flow.insert_items(doc, owner, index, nodes, path))
    return spliced(doc.text, in_block.insert_items(doc, owner, index, nodes, path))


def dropped(doc: Document, path: Path) -> str:
    """Return the text without a field or an item; the last of a block leaves empty brackets."""
    old = doc.at(path)
    doc.refuse_used(old, path)
    owner = doc.inside(path[:-1])
    size = len(owner.entries) + len(owner.items)
    if size == 1 and not owner.flow:
        return written(doc, path[:-1], {} if owner.kind == "map" else [])
    if owner.kind == "list":
        index = int(path[-1])
    else:
        index = [each.name for each in owner.entries].index(str(path[-1]))
        doc.refuse_used(owner.entries[index].key, path)
    patch = in_flow.drop if owner.flow else in_block.drop
    return spliced(doc.text, patch(doc, owner, index))


def thinned(doc: Document, path: Path, indexes: list[int]) -> str | None:
    """Return the text without some items of a list; None where that takes a step for each."""
    owner = doc.inside(path)
    if owner.kind != "list" or owner.flow or not 0 < len(indexes) < len(owner.items):
        return None
    for index in indexes:
        doc.refuse_used(owner.items[index], (*path, index))
    splices = sorted(each for each in in_block.drop_all(doc, owner, indexes))
    apart = all(one.end <= other.start for one, other in pairwise(splices))
    return spliced(doc.text, splices) if apart else None


def rekeyed(doc: Document, path: Path, name: str) -> str:
    """Return the text with another name for a key."""
    owner = doc.inside(path[:-1])
    entry = owner.entry(str(path[-1])) if owner.kind == "map" else None
    if entry is None:
        return refuse(NoSuchPlace(path, f'there is no key "{path[-1]}"'))
    key = entry.key
    if key.kind == "alias":
        refuse(NotPatchable(path, f"the key is written as *{key.value}"))
    doc.refuse_used(key, path)
    new = doc.renderer.scalar(name, "flow" if owner.flow else "key", key.style)
    return spliced(doc.text, [Splice(key.body, key.end, new)])
