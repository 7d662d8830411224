"""A document's tree with marks: where each node stands in the text, and how it is spelled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias

from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from burgee_compiler.edit.text import skip_blank
from burgee_compiler.source.events import events

__all__ = ["Entry", "Mark", "Style", "marks_of"]

Style: TypeAlias = Literal["", "'", '"', "|", ">"]
_ANCHOR: Final = re.compile(r"&[^\s\[\]{},]+")


class Mark:
    """A node of the text, from `start` (its anchor, if any) to before `end`.

    `body` is where the node itself begins, behind its anchor. The end of a block collection is
    that of its last part, without comments and blank lines that follow.
    """

    __slots__ = (
        "anchor",
        "body",
        "end",
        "entries",
        "flow",
        "items",
        "kind",
        "start",
        "style",
        "value",
    )

    def __init__(self, kind: Literal["scalar", "map", "list", "alias"], start: int) -> None:
        self.kind = kind
        self.start = self.body = self.end = start
        self.anchor: str | None = None
        self.flow = False
        self.style: Style = ""
        self.value = ""  # of a scalar, or the anchor's name of an alias
        self.entries: list[Entry] = []
        self.items: list[Mark] = []

    @property
    def block(self) -> bool:
        """Whether this is a mapping or list without brackets."""
        return self.kind in ("map", "list") and not self.flow

    @property
    def empty(self) -> bool:
        """Whether no character stands for the node."""
        return self.kind == "scalar" and self.body == self.end

    def below(self) -> Iterator[Mark]:
        """Yield the node and all nodes in it, keys too."""
        stack = [self]
        while stack:
            mark = stack.pop()
            yield mark
            stack += mark.items
            for entry in mark.entries:
                stack += (entry.key, entry.value)

    def entry(self, key: str) -> Entry | None:
        """Return the entry of a mapping under a key."""
        return next((each for each in self.entries if each.name == key), None)


class Entry:
    """One key of a mapping, and its value."""

    __slots__ = ("key", "name", "value")

    def __init__(self, key: Mark, value: Mark, name: str) -> None:
        self.key = key
        self.value = value
        self.name = name


def marks_of(text: str) -> Mark:
    """Return the marked tree of a text that the reader takes; YAMLError for any other."""
    next_event = events(text)
    next_event()  # the start of the document
    return _Marker(text, next_event).node(next_event())


class _Marker:
    """Makes marks of events. The reader has bounded the depth before."""

    __slots__ = ("_names", "_next", "_text")

    def __init__(self, text: str, next_event: Callable[[], Any]) -> None:
        self._text = text
        self._next = next_event
        self._names: dict[str, str] = {}  # scalars with an anchor, which an alias may use as a key

    def node(self, event: Any) -> Mark:
        kind = type(event)
        start, end = event.start_mark.index, event.end_mark.index
        if kind is AliasEvent:
            mark = Mark("alias", start)
            mark.end, mark.value = end, event.anchor
            return mark
        mark = Mark(
            "scalar" if kind is ScalarEvent else "map" if kind is MappingStartEvent else "list",
            start,
        )
        mark.anchor = event.anchor
        mark.end = end
        mark.body = self._body(mark)
        if kind is ScalarEvent:
            self._scalar(mark, event)
            return mark
        mark.flow = bool(event.flow_style)
        last = self._mapping(mark) if mark.kind == "map" else self._list(mark)
        if mark.flow:
            mark.end = last.end_mark.index
        return mark

    def _body(self, mark: Mark) -> int:
        if mark.anchor is None:
            return mark.start
        found = _ANCHOR.match(self._text, mark.start)
        behind = mark.start if found is None else found.end()
        if mark.kind == "scalar" and mark.end <= behind:
            return behind
        return skip_blank(self._text, behind)

    def _scalar(self, mark: Mark, event: Any) -> None:
        mark.value = event.value
        mark.style = event.style or ""
        if mark.anchor is not None:
            self._names[mark.anchor] = mark.value
            mark.end = max(mark.end, mark.body)
        if mark.style in ("|", ">"):
            mark.end = self._block_end(mark)

    def _block_end(self, mark: Mark) -> int:
        """Return the end of a block scalar's last line; with `+`, blank lines belong to it."""
        text, end = self._text, mark.end
        header = re.compile(r"[|>][-+0-9]*").match(text, mark.body)
        if header is None or "+" not in header[0]:
            while end > mark.body and text[end - 1].isspace():
                end -= 1
            return end
        if text[end - 2 : end] == "\r\n":
            return end - 2
        return end - 1 if text[end - 1 : end] in ("\r", "\n") else end

    def _mapping(self, mark: Mark) -> Any:
        while type(event := self._next()) is not MappingEndEvent:
            key = self.node(event)
            value = self.node(self._next())
            name = self._names.get(key.value, "") if key.kind == "alias" else key.value
            mark.entries.append(Entry(key, value, name))
            mark.end = max(mark.end, key.end, value.end)
        return event

    def _list(self, mark: Mark) -> Any:
        while type(event := self._next()) is not SequenceEndEvent:
            item = self.node(event)
            mark.items.append(item)
            mark.end = max(mark.end, item.end)
        return event
