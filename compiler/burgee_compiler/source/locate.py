"""From a path in a tree to its lines and columns: the text is read again, with marks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from burgee_compiler.source.events import events
from burgee_compiler.source.lines import Lines, decode
from burgee_compiler.source.tree import DEPTH, Span

if TYPE_CHECKING:
    from burgee_compiler.diagnostics.diagnostic import Where

__all__ = ["Places", "locate"]

_WORD: Final = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s,\[\]{}:#]+|.", re.DOTALL)


def locate(text: bytes, where: Where) -> Span:
    """Return where a path stands in a file; steps that the file does not have are passed over.

    So a path leads on where the file uses a short form that leaves a step out, and ends at the
    nearest ancestor where nothing of the rest exists.
    """
    return Places(text).span(where)


class _Marked:
    """A node with its place, from `start` to before `end`, and the places of its children."""

    __slots__ = ("end", "entries", "items", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.entries: dict[str, tuple[_Marked, _Marked]] = {}  # key and value
        self.items: list[_Marked] = []


class Places:
    """The places of one file's text, for any number of questions; read on the first by path."""

    __slots__ = ("_root", "lines")

    def __init__(self, text: bytes) -> None:
        self.lines = Lines(decode(text))
        self._root: _Marked | None = None

    def span(self, where: Where) -> Span:
        """Return the span of a place."""
        if where.line is not None:
            return self._word(where.line, where.column)
        if self._root is None:
            self._root = _marked(self.lines.text)
        key, node = None, self._root
        for step in where.path:
            key, child = self._child(node, step)
            if child is not None:
                node = child
        found = key if where.part == "key" and key is not None else node
        return Span(*self.lines.place(found.start), *self.lines.place(found.end))

    def in_scalar(self, offset: int) -> bool:
        """Return whether an offset is within a text or a name, so that no comment begins there."""
        if self._root is None:
            self._root = _marked(self.lines.text)
        pending = [self._root]
        while pending:
            node = pending.pop()
            below = [*node.items, *(each for pair in node.entries.values() for each in pair)]
            if not below and node.start <= offset < node.end:
                return True
            pending += below
        return False

    def _word(self, line: int, column: int | None) -> Span:
        """Return the span of the word at a place, or of the whole line without a column."""
        text = self.lines.line(line) or ""
        if column is None:
            start = len(text) - len(text.lstrip())
            return Span(line, start + 1, line, max(len(text.rstrip()), start) + 1)
        word = _WORD.match(text, column - 1)
        return Span(line, column, line, word.end() + 1 if word else column)

    def _child(self, node: _Marked, step: str | int) -> tuple[_Marked | None, _Marked | None]:
        if node.entries or not node.items:
            return node.entries.get(str(step), (None, None))
        if isinstance(step, int):
            return None, node.items[step] if 0 <= step < len(node.items) else None
        text = self.lines.text  # a list of names stands for a mapping of them
        named = (item for item in node.items if text[item.start : item.end].strip("'\"") == step)
        return None, next(named, None)


def _marked(text: str) -> _Marked:
    """Return the marked tree of a text, or of as much of it as can be read."""
    root = _Marked(0, 0)
    try:
        next_event = events(text)
        next_event()  # the start of the document
        _Marker(text, next_event).fill(root, next_event(), 0)
    except (YAMLError, _TooDeepError):
        pass  # what was read up to here is in the tree, and stands above the fault
    return root


class _TooDeepError(Exception):
    pass


class _Marker:
    """Fills marked nodes from events; a node is in its parent before it is filled."""

    __slots__ = ("_anchors", "_next", "_text")

    def __init__(self, text: str, next_event: Callable[[], Any]) -> None:
        self._text = text
        self._next = next_event
        self._anchors: dict[str, _Marked] = {}

    def fill(self, node: _Marked, event: Any, depth: int) -> None:
        """Give a node the place and the children of what begins with an event."""
        if event is None or depth > DEPTH:
            raise _TooDeepError
        node.start = event.start_mark.index
        node.end = self._trimmed(node.start, event.end_mark.index)
        kind = type(event)
        if kind is AliasEvent:
            target = self._anchors.get(event.anchor)
            if target is not None:
                node.entries, node.items = target.entries, target.items
            return
        if getattr(event, "anchor", None) is not None:
            self._anchors[event.anchor] = node
        if kind is MappingStartEvent:
            self._fill_mapping(node, event.flow_style, depth + 1)
        elif kind is SequenceStartEvent:
            self._fill_list(node, event.flow_style, depth + 1)

    def _fill_mapping(self, node: _Marked, flow: bool, depth: int) -> None:
        while type(event := self._next()) is not MappingEndEvent:
            key, value = _Marked(0, 0), _Marked(0, 0)
            self.fill(key, event, depth)
            value.start = value.end = key.end
            if type(event) is ScalarEvent:
                node.entries.setdefault(event.value, (key, value))
            self.fill(value, self._next(), depth)
            node.end = max(node.end, value.end)
        last: Any = event
        if flow:
            node.end = last.end_mark.index

    def _fill_list(self, node: _Marked, flow: bool, depth: int) -> None:
        while type(event := self._next()) is not SequenceEndEvent:
            item = _Marked(node.end, node.end)
            node.items.append(item)
            self.fill(item, event, depth)
            node.end = max(node.end, item.end)
        last: Any = event
        if flow:
            node.end = last.end_mark.index

    def _trimmed(self, start: int, end: int) -> int:
        """Return the end without the line breaks that libyaml counts to a block of text."""
        while end > start and self._text[end - 1 : end].isspace():
            end -= 1
        return end
