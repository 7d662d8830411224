"""From a plain tree to typed definitions, collecting every fault on the way.

A `Kind` knows how to read one sort of value and what JSON Schema describes it; the fields of the
structs name their kinds, so reader, schema and documentation have one source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic
from burgee_compiler.source import Node, Plain, resolve_plain

__all__ = ["BAD", "EMPTY", "Bad", "Decoder", "JsonSchema", "Kind", "describe"]

JsonSchema: TypeAlias = dict[str, Any]


class Bad:
    """What a kind returns where it has reported a fault."""

    def __repr__(self) -> str:
        return "BAD"


BAD: Final = Bad()
EMPTY: Final = "write what belongs there, or remove the line"
_NO_BLANK: Final = re.compile(r"[A-Za-z_]+:[^\s:/]{1,40}")


class Kind(Struct, frozen=True):
    """A sort of value: how it is read, and its JSON Schema (made when asked for)."""

    read: Callable[[Decoder, Node], Any]
    schema: Callable[[], JsonSchema]


class Decoder:
    """Reads one file; knows where it is, and keeps what it found wrong."""

    def __init__(self, file: str, subject: str | None = None) -> None:
        self.file = file
        self.subject = subject
        self.found: list[Diagnostic] = []
        self._path: list[str | int] = []

    @contextmanager
    def at(self, step: str | int) -> Iterator[None]:
        """Stand one step further down."""
        self._path.append(step)
        try:
            yield
        finally:
            self._path.pop()

    def read(self, step: str | int, kind: Kind, node: Node) -> Any:
        """Read what stands one step further down."""
        self._path.append(step)
        value = kind.read(self, node)
        self._path.pop()
        return value

    def fault(self, code: str, message: str, help: str, *, key: str | None = None) -> Bad:
        """Report a fault at this place, or at the key `key` of it."""
        path = (*self._path, key) if key is not None else tuple(self._path)
        where = Where(self.file, path, "value" if key is None else "key")
        self.found.append(diagnostic(code, message, where, help=help, subject=self.subject))
        return BAD

    @contextmanager
    def at_key(self) -> Iterator[None]:
        """Report at the key that leads here, not at its value."""
        before = len(self.found)
        yield
        for index in range(before, len(self.found)):
            where = replace(self.found[index].where, part="key")
            self.found[index] = replace(self.found[index], where=where)

    @property
    def name(self) -> str:
        """What this place is called in a message: its last named step."""
        steps = [step for step in self._path if isinstance(step, str)]
        return f'"{steps[-1]}"' if steps else "the file"

    def fault_at(self, path: Sequence[str | int], code: str, message: str, help: str) -> Bad:
        """Report a fault some steps further down."""
        self._path += path
        self.fault(code, message, help)
        del self._path[len(self._path) - len(path) :]
        return BAD

    def mapping(self, node: Node, what: str) -> Mapping[str, Node] | Bad:
        """Return `node` where it is a mapping; else report what was expected."""
        if isinstance(node, dict):
            return node
        if isinstance(node, Plain) and node == "":
            return self.fault("B204", f"{self.name} is empty", EMPTY)
        hint = "write it as `name: value` lines, or in braces"
        if isinstance(node, str) and _NO_BLANK.fullmatch(node):
            hint = f"put a blank after the colon: {node.replace(':', ': ', 1)}"
        message = f"{self.name} must be {what}, not {describe(node)}"
        return self.fault("B203", message, hint)


def describe(node: Node) -> str:
    """Return what a node is, for a message."""
    if isinstance(node, dict):
        return "a mapping"
    if isinstance(node, list):
        return "a list"
    if not isinstance(node, Plain):
        return "text"
    if node == "":
        return "nothing"
    value = resolve_plain(node)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {node}"
    return f"the number {node}" if isinstance(value, int | float) else "text"
