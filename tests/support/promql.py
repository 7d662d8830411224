"""Which metrics and labels a PromQL expression names: a small reader, for tests of ours alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

__all__ = ["Named", "named"]

Named = Mapping[str, frozenset[str]]
"""Labels by metric; those of groupings belong to every metric of the expression."""

_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"\b([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\s*\(|\w)")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_STRING = re.compile(r'"[^"]*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_WORDS = frozenset({"and", "or", "unless", "bool", "offset", "inf", "nan"})


def named(expression: str) -> Named:
    """Return the metrics of an expression, each with the labels that are asked of it."""
    plain = _RANGE.sub("", _STRING.sub('""', expression))
    everywhere = {label for clause in _GROUPING.findall(plain) for label in _words(clause)}
    rest = _GROUPING.sub(" ", plain)
    found: dict[str, set[str]] = {}
    for match in _SELECTOR.finditer(rest):
        name = match[1]
        if name.lower() in _WORDS:
            continue
        labels = set(_LABEL.findall(match[2] or ""))
        found.setdefault(name, set()).update(labels | everywhere)
    return {name: frozenset(labels) for name, labels in found.items()}


def _words(clause: str) -> Iterator[str]:
    yield from filter(None, (each.strip() for each in clause.split(",")))
