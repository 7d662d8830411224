"""The edits of a document as values: what is to change, at which path."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from burgee_compiler.edit.refusals import BadValue, refuse
from burgee_compiler.source import Node, Plain

__all__ = ["Edit", "Insert", "Path", "Remove", "Rename", "Set", "Value", "to_node"]

Path: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = (
    "Mapping[str, Value] | Sequence[Value] | str | int | float | Decimal | bool | None"
)
"""Plain data. A `str` is text, whatever it looks like; a `Plain` is the source text of a scalar."""


class Set(Struct, frozen=True):
    """Make what stands at a path be this value; the mappings that lead to it are made too.

    Where a mapping or list stands already, only what differs in it is written.
    """

    path: Path
    value: Value


class Remove(Struct, frozen=True):
    """Take out a field or a list item; a collection that is then empty goes too, where it may."""

    path: Path


class Insert(Struct, frozen=True):
    """Put items into a list before an index, None for its end; the list is made if need be."""

    path: Path
    items: tuple[Value, ...]
    index: int | None = None


class Rename(Struct, frozen=True):
    """Give the key at the end of a path another name, in its place."""

    path: Path
    name: str


Edit: TypeAlias = Set | Remove | Insert | Rename


def to_node(value: Value, path: Path = ()) -> Node:
    """Return the tree that a value is read back as, once written."""
    if isinstance(value, str):
        return _text(value, path)
    if value is None:
        return Plain("null")
    if isinstance(value, bool):
        return Plain("true" if value else "false")
    if isinstance(value, int | float | Decimal):
        if not math.isfinite(value):
            refuse(BadValue(path, f"{value} is no JSON number"))
        return Plain(format(value, "f") if isinstance(value, Decimal) else repr(value))
    if isinstance(value, Mapping):
        return {str(key): to_node(each, (*path, key)) for key, each in value.items()}
    return [to_node(each, (*path, index)) for index, each in enumerate(value)]


def _text(value: str, path: Path) -> str:
    if any("\ud800" <= each <= "\udfff" for each in value):
        refuse(BadValue(path, "a lone surrogate is no character that a file can hold"))
    if isinstance(value, Plain) and not value:
        refuse(BadValue(path, "the value is empty"))
    return value
