"""Builds the plain tree from libyaml's events, noting what our YAML does not allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from burgee_compiler.source.findings import Enough, Findings
from burgee_compiler.source.tree import DEPTH, Node, Plain
from burgee_compiler.source.weights import Weights

__all__ = ["REPEATED", "Builder"]

REPEATED: Final = 100_000  # nodes that all aliases of a file together may repeat


class Builder:
    """Makes nodes of events. Recursion is bounded by DEPTH, so no input can exhaust the stack."""

    __slots__ = ("_anchors", "_findings", "_in_key", "_next", "_open", "_repeated", "_weights")

    def __init__(self, next_event: Callable[[], Any], findings: Findings) -> None:
        self._next = next_event
        self._findings = findings
        self._anchors: dict[str, Node] = {}
        self._open: set[str] = set()  # anchors of mappings and lists that have not ended
        self._weights = Weights()
        self._repeated = 0
        self._in_key = 0  # how many keys that are collections we are inside of

    def node(self, event: Any, depth: int) -> Node:
        """Return the node that begins with an event."""
        kind = type(event)
        if kind is ScalarEvent:
            if event.tag is None and event.anchor is None:
                return Plain(event.value) if event.implicit[0] else str(event.value)
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event, depth)
        return self._collection(event, depth)

    def _mapping(self, depth: int) -> dict[str, Node]:
        made: dict[str, Node] = {}
        marks: dict[str, Any] = {}
        while type(event := self._next()) is not MappingEndEvent:
            if type(event) is MappingStartEvent or type(event) is SequenceStartEvent:
                self._refuse_key(event, depth)
                continue
            key = self.node(event, depth)
            value = self.node(self._next(), depth)
            if not isinstance(key, str):
                self._refuse_alias_key(event)
            elif key in made:
                self._refuse_duplicate(key, event, marks[key])
            else:
                if key == "<<" and isinstance(key, Plain):
                    self._refuse_merge(event)
                made[key] = value
                marks[key] = event.start_mark
        return made

    def _list(self, depth: int) -> list[Node]:
        made: list[Node] = []
        while type(event := self._next()) is not SequenceEndEvent:
            made.append(self.node(event, depth))
        return made

    def _collection(self, event: Any, depth: int) -> Node:
        if depth >= DEPTH:
            self._refuse_depth(event)
        if event.tag is not None:
            self._refuse_tag(event)
        anchor = event.anchor
        if anchor is not None:
            self._open.add(anchor)
        made: Node
        if type(event) is MappingStartEvent:
            made = self._mapping(depth + 1)
        else:
            made = self._list(depth + 1)
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor] = made
        return made

    def _scalar(self, event: Any) -> str:
        if event.tag is not None:
            self._refuse_tag(event)
        made = Plain(event.value) if event.implicit[0] else str(event.value)
        if event.anchor is not None:
            self._anchors[event.anchor] = made
        return made

    def _alias(self, event: Any, depth: int) -> Node:
        name = event.anchor
        offset = event.start_mark.index
        if name in self._open:
            self._findings.add(
                "B115",
                offset,
                f"*{name} stands inside what &{name} names",
                "write out what is meant: a value cannot hold itself",
            )
            return Plain("")
        if name not in self._anchors:
            self._findings.add(
                "B114",
                offset,
                f"no anchor &{name} stands above *{name}",
                f'put "*{name}" in quotes if it is text, or write &{name} before the value meant',
            )
            return Plain("")
        made = self._anchors[name]
        self._count(event, made, depth)
        return made

    def _count(self, event: Any, made: Node, depth: int) -> None:
        """Bound what aliases make of a file: 'billion laughs', and chains deeper than DEPTH."""
        weight, height = self._weights.of(made)
        self._repeated += weight
        if self._repeated > REPEATED:
            self._findings.add(
                "B113",
                event.start_mark.index,
                f"with *{event.anchor}, aliases repeat more than {REPEATED:,} nodes",
                "use a segment or a members file for what is needed often",
            )
            raise Enough
        if depth + height > DEPTH:
            self._refuse_depth(event)

    def _refuse_depth(self, event: Any) -> None:
        self._findings.add(
            "B112",
            event.start_mark.index,
            f"mappings and lists are nested more than {DEPTH} deep",
            "look for brackets that are never closed, or flatten the value",
        )
        raise Enough

    def _refuse_tag(self, event: Any) -> None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._findings.add(
            "B110",
            event.start_mark.index,
            f"the tag {tag} is used",
            "leave the tag out: put a text in quotes, write numbers and booleans plain",
        )

    def _refuse_merge(self, event: Any) -> None:
        self._findings.add(
            "B109",
            event.start_mark.index,
            "the merge key << is used",
            "write the fields out, or use a whole value twice with &name and *name",
        )

    def _refuse_duplicate(self, key: str, event: Any, first: Any) -> None:
        shown = key if len(key) <= 60 else f"{key[:57]}..."
        self._findings.add(
            "B108",
            event.start_mark.index,
            f'the key "{shown}" stands twice in one mapping',
            "keep one of the two",
            (first.index, "it stands here first"),
        )

    def _refuse_key(self, event: Any, depth: int) -> None:
        if not self._in_key:  # `{{{{` is one mistake
            self._findings.add(
                "B111",
                event.start_mark.index,
                "a mapping or a list is used as a key",
                "put a text that begins with [ or { in quotes, {{name}} of a template too",
            )
        self._in_key += 1
        self._collection(event, depth)
        self._in_key -= 1
        self.node(self._next(), depth)

    def _refuse_alias_key(self, event: Any) -> None:
        self._findings.add(
            "B111",
            event.start_mark.index,
            f"*{event.anchor} is used as a key, and is a mapping or a list",
            "write a text as the key",
        )
