"""Patches of mappings and lists that are written in brackets."""

from __future__ import annotations

from burgee_compiler.edit.document import Document
from burgee_compiler.edit.edits import Path
from burgee_compiler.edit.in_block import neighbour
from burgee_compiler.edit.marks import Entry, Mark
from burgee_compiler.edit.text import (
    Splice,
    behind_break,
    column,
    line_end,
    line_start,
    on_own_line,
    skip_blank,
)
from burgee_compiler.source import Node

__all__ = ["add_entry", "drop", "insert_items", "replace_item", "replace_value"]


def replace_value(doc: Document, entry: Entry, node: Node, path: Path) -> list[Splice]:
    """Return the splices that give a key another value."""
    old, text = entry.value, doc.text
    if not old.empty:
        return [Splice(old.body, old.end, _written(doc, old, node, path))]
    colon = skip_blank(text, entry.key.end)
    if text[colon : colon + 1] == ":":
        return [Splice(colon + 1, colon + 1, f" {doc.renderer.flow(node, path)}")]
    return [Splice(entry.key.end, entry.key.end, f": {doc.renderer.flow(node, path)}")]


def replace_item(doc: Document, owner: Mark, index: int, node: Node, path: Path) -> list[Splice]:
    """Return the splice that makes a list's item another one."""
    old = owner.items[index]
    return [Splice(old.body, old.end, _written(doc, old, node, path))]


def add_entry(doc: Document, owner: Mark, key: str, node: Node, path: Path) -> list[Splice]:
    """Return the splices that add a key where the order of the format has it."""
    text = f"{doc.renderer.scalar(key, 'flow')}: {doc.renderer.flow(node, path)}"
    if not owner.entries:
        return _into_empty(doc, owner, text)
    after = neighbour(doc, owner, path)
    index = 0 if after is None else owner.entries.index(after) + 1
    return _put(doc, owner, index, [text])


def insert_items(
    doc: Document, owner: Mark, index: int, nodes: list[Node], path: Path
) -> list[Splice]:
    """Return the splices that put items into a list."""
    texts = [doc.renderer.flow(each, (*path, 0)) for each in nodes]
    if not owner.items:
        return _into_empty(doc, owner, ", ".join(texts))
    return _put(doc, owner, index, texts)


def drop(doc: Document, owner: Mark, index: int) -> list[Splice]:
    """Return the splices that take a part out, with a comma."""
    text, parts = doc.text, _parts(owner)
    start, end = parts[index]
    comma = skip_blank(text, end)
    behind = comma + 1 if text[comma : comma + 1] == "," else end
    if on_own_line(text, start) and (rest := _rest_of_line(text, behind)) is not None:
        return [Splice(line_start(text, start), rest, "")]
    if index + 1 < len(parts):
        following = parts[index + 1][0]
        return [Splice(start, following if "#" not in text[end:following] else behind, "")]
    if index == 0:
        return [Splice(start, behind, "")]
    before = parts[index - 1][1]
    if "#" not in text[before:start]:
        return [Splice(before, end, "")]
    comma = skip_blank(text, before)
    return [Splice(comma, comma + 1, ""), Splice(start, end, "")]


def _written(doc: Document, old: Mark, node: Node, path: Path) -> str:
    if isinstance(node, str) and old.style in ('"', "'"):
        return doc.renderer.scalar(node, "flow", old.style)
    return doc.renderer.flow(node, path)


def _parts(owner: Mark) -> list[tuple[int, int]]:
    if owner.kind == "list":
        return [(each.start, each.end) for each in owner.items]
    return [(each.key.start, max(each.key.end, each.value.end)) for each in owner.entries]


def _into_empty(doc: Document, owner: Mark, written: str) -> list[Splice]:
    inside = doc.text[owner.body + 1 : owner.end - 1]
    end = owner.end - 1 if not inside.strip() else owner.body + 1
    return [Splice(owner.body + 1, end, written)]


def _put(doc: Document, owner: Mark, index: int, written: list[str]) -> list[Splice]:
    """Put parts before the one of an index; on lines of their own where the others are."""
    text, parts = doc.text, _parts(owner)
    model = parts[max(0, index - 1)][0]
    lines = on_own_line(text, model)
    between = doc.habits.newline + " " * column(text, model) if lines else " "
    if index == 0:
        start = parts[0][0]
        return [Splice(start, start, "".join(f"{each},{between}" for each in written))]
    end = parts[index - 1][1]
    comma = skip_blank(text, end)
    has_comma = text[comma : comma + 1] == ","
    if not lines or _rest_of_line(text, comma + 1 if has_comma else end) is None:
        return [Splice(end, end, "".join(f",{between}{each}" for each in written))]
    place = line_end(text, comma if has_comma else end)
    added = f",{between}".join(written) + ("," if has_comma else "")
    put = Splice(place, place, between + added)
    return [put] if has_comma else [Splice(end, end, ","), put]


def _rest_of_line(text: str, offset: int) -> int | None:
    """Return the end of the line, with its break, where only a comment follows; else None."""
    end = line_end(text, offset)
    rest = text[offset:end].lstrip(" \t")
    return None if rest and not rest.startswith("#") else behind_break(text, end)
