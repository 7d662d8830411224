"""The plain tree that a YAML file is read into: dicts, lists and text, without positions."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

__all__ = ["DEPTH", "Json", "Node", "Plain", "Span"]

DEPTH: Final = 64  # how deep mappings and lists may be nested, aliases followed


class Plain(str):
    """A scalar written without quotes: the source text, whose type is not yet decided."""

    __slots__ = ()


# A mapping keeps source order; a quoted or block scalar is a `str`; an empty value is Plain("").
# An alias is the same object as what it names, so a tree is never to be changed in place.
Node: TypeAlias = "dict[str, Node] | list[Node] | str"
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


class Span(msgspec.Struct, frozen=True):
    """From a place to just before another; lines and columns from 1, columns in code points."""

    line: int
    column: int
    end_line: int
    end_column: int
