"""Patches of mappings and lists that are written in lines of their own."""

from __future__ import annotations

import re

from burgee_compiler.edit.document import Document, form_of
from burgee_compiler.edit.edits import Path
from burgee_compiler.edit.marks import Entry, Mark
from burgee_compiler.edit.order import rank_in
from burgee_compiler.edit.refusals import NotPatchable, refuse
from burgee_compiler.edit.render import Rendered
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

__all__ = [
    "add_entry",
    "drop",
    "drop_all",
    "insert_items",
    "neighbour",
    "replace_item",
    "replace_value",
]

_COMMENT_LINE = re.compile(r"( *)(?:#[^\r\n]*)?(?:\r\n|\n|\r|\Z)")


def replace_value(doc: Document, owner: Mark, entry: Entry, node: Node, path: Path) -> list[Splice]:
    """Return the splices that give a key another value."""
    siblings = [each.value for each in owner.entries if each is not entry]
    form = form_of(siblings) if _names_things(doc, owner, path) else None
    made = doc.renderer.value(node, path, _indent(doc, owner), form)
    made = _like(doc, entry.value, node, made)
    head = _colon(doc, entry, path)
    old = entry.value
    if old.anchor is not None and line_start(doc.text, old.start) == line_start(doc.text, head):
        head = min(old.body, old.start + 1 + len(old.anchor))
    if old.empty:
        return _behind(doc, head, made)
    if old.block or (not made.first and not _same_line(doc, head, old)):
        return _under(doc, head, old, made)
    if made.first:
        return _over(doc, old, made)
    return [Splice(head, old.end, ""), _lines(doc, old.end, made)]


def replace_item(doc: Document, owner: Mark, index: int, node: Node, path: Path) -> list[Splice]:
    """Return the splices that make a list's item another one."""
    old = owner.items[index]
    form = form_of([each for each in owner.items if each is not old])
    if old.empty:
        indent = column(doc.text, old.start - 1) + 2
        return _behind(doc, old.end, doc.renderer.item(node, path, indent, form))
    made = doc.renderer.item(node, path, column(doc.text, old.start), form)
    return _over(doc, old, _like(doc, old, node, made))


def add_entry(doc: Document, owner: Mark, key: str, node: Node, path: Path) -> list[Splice]:
    """Return the splices that add a key where the order of the format has it."""
    text, indent = doc.text, _indent(doc, owner)
    form = (
        form_of([each.value for each in owner.entries]) if _names_things(doc, owner, path) else None
    )
    line = doc.renderer.entry(key, node, path, indent, form)
    after = neighbour(doc, owner, path)
    newline = doc.habits.newline + " " * indent
    if after is None:
        return [Splice(owner.body, owner.body, line + newline)]
    place = _below(text, max(after.key.end, after.value.end), indent)
    return [Splice(place, place, newline + line)]


def neighbour(doc: Document, owner: Mark, path: Path) -> Entry | None:
    """Return the entry that a new key stands behind, None where it comes first."""
    rank = rank_in(doc.shape, path[:-1], str(path[-1]))
    if rank is None:
        return owner.entries[-1]
    ranks = [(rank_in(doc.shape, path[:-1], each.name), each) for each in owner.entries]
    before = [(each_rank, each) for each_rank, each in ranks if each_rank is not None]
    lower = [pair for pair in before if pair[0] < rank]
    if lower:
        return max(lower, key=lambda pair: pair[0])[1]
    return None if before else owner.entries[-1]


def insert_items(
    doc: Document, owner: Mark, index: int, nodes: list[Node], path: Path
) -> list[Splice]:
    """Return the splices that put items into a list."""
    text, indent = doc.text, column(doc.text, owner.body)
    form = form_of(owner.items[:index] or owner.items)
    lines = doc.renderer.items(nodes, path, indent, form)
    newline = doc.habits.newline + " " * indent
    if index == 0:
        return [Splice(owner.body, owner.body, lines + newline)]
    place = _below(text, owner.items[index - 1].end, indent)
    return [Splice(place, place, newline + lines)]


def drop(doc: Document, owner: Mark, index: int) -> list[Splice]:
    """Return the splices that take a part out, with its lines; there are others in `owner`."""
    return _drop(doc, owner, index, _starts(doc, owner))


def drop_all(doc: Document, owner: Mark, indexes: list[int]) -> list[Splice]:
    """Return the splices that take several parts out; they may overlap in odd spellings."""
    starts = _starts(doc, owner)
    return [splice for index in indexes for splice in _drop(doc, owner, index, starts)]


def _drop(doc: Document, owner: Mark, index: int, starts: list[int]) -> list[Splice]:
    text, start = doc.text, starts[index]
    last = owner.entries[index].value.end if owner.kind == "map" else owner.items[index].end
    if owner.kind == "map":
        last = max(last, owner.entries[index].key.end)
    end = line_end(text, last)
    if on_own_line(text, start):
        start = line_start(text, start)
        if behind_break(text, end) > end or start == 0 or doc.cautious:
            return [Splice(start, behind_break(text, end), "")]
        broken = start - (2 if text[start - 2 : start] == "\r\n" else 1)
        return [Splice(broken, end, "")]
    following = starts[index + 1]  # the first part of a list's item, or of an explicit value
    if "#" not in text[end:following]:
        return [Splice(start, following, "")]
    while text[start - 1] == " ":
        start -= 1
    return [Splice(start, end, "")]


def _starts(doc: Document, owner: Mark) -> list[int]:
    """Return where each part begins: its key or the `?` before it, or its dash."""
    if owner.kind == "map":
        found = [each.key.start for each in owner.entries]
        return [_question(doc.text, each) for each in found]
    return [owner.body, *(skip_blank(doc.text, each.end) for each in owner.items[:-1])]


def _question(text: str, start: int) -> int:
    before = text[line_start(text, start) : start]
    stripped = before.rstrip(" ")
    return start - (len(before) - len(stripped)) - 1 if stripped.endswith("?") else start


def _indent(doc: Document, owner: Mark) -> int:
    return column(doc.text, owner.body)


def _colon(doc: Document, entry: Entry, path: Path) -> int:
    found = skip_blank(doc.text, entry.key.end)
    if doc.text[found : found + 1] != ":":
        refuse(NotPatchable(path, "the key has no colon"))
    return found + 1


def _names_things(doc: Document, owner: Mark, path: Path) -> bool:
    """Return whether a mapping's keys are names, so that its values are alike."""
    return len(owner.entries) > 0 and rank_in(doc.shape, path[:-1], str(path[-1])) is None


def _like(doc: Document, old: Mark, node: Node, made: Rendered) -> Rendered:
    """Put a text in the quotes of the text that it replaces."""
    if isinstance(node, str) and old.style in ('"', "'") and not made.rest:
        return Rendered(doc.renderer.scalar(node, "block", old.style))
    return made


def _same_line(doc: Document, head: int, old: Mark) -> bool:
    return line_start(doc.text, head) == line_start(doc.text, old.body)


def _lines(doc: Document, end: int, made: Rendered) -> Splice:
    place = line_end(doc.text, end)
    return Splice(place, place, made.rest)


def _behind(doc: Document, head: int, made: Rendered) -> list[Splice]:
    """Write a value where there was none."""
    first = f" {made.first}" if made.first else ""
    return [Splice(head, head, first), _lines(doc, head, made)]


def _under(doc: Document, head: int, old: Mark, made: Rendered) -> list[Splice]:
    """Write a value in place of the lines below its key; comments above them stay."""
    first = f" {made.first}" if made.first else ""
    start, end = line_end(doc.text, head), line_end(doc.text, old.end)
    above = line_end(doc.text, head)
    while not made.rest or not made.first:  # else a block of text begins right below the key
        start = above
        above = line_end(doc.text, behind_break(doc.text, above))
        if above >= old.body:
            break
    return [Splice(head, head, first), Splice(start, end, made.rest)]


def _over(doc: Document, old: Mark, made: Rendered) -> list[Splice]:
    """Write a value in place of one; a comment behind it stays in the first line."""
    return [Splice(old.body, old.end, made.first), _lines(doc, old.end, made)]


def _below(text: str, end: int, indent: int) -> int:
    """Return the end of the line of a part, or of the comments below that belong to its block.

    They are indented deeper than the block, or as deep where nothing of the block follows.
    """
    place = line_end(text, end)
    comments: list[tuple[int, int]] = []
    look = behind_break(text, place)
    while look < len(text) and (found := _COMMENT_LINE.match(text, look)):
        if "#" in found[0]:
            comments.append((len(found[1]), line_end(text, look)))
        if found.end() == look:
            break
        look = found.end()
    following = skip_blank(text, look)
    ends = following == len(text) or column(text, following) < indent
    least = indent if ends and indent else indent + 1
    for depth, comment_end in comments:
        if depth < least:
            break
        place = comment_end
    return place
