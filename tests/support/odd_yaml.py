"""Random YAML in odd but valid spellings: comments, indentation, quotes, brackets, blocks."""

from __future__ import annotations

import json
from random import Random
from typing import Any

__all__ = ["odd_yaml", "random_edit", "random_tree"]

_WORDS = ("on", "a", "b", "classic", "one-page", "u-1", "2026-11-02T00:00:00Z", "x y", "10%")
_ODD = (
    "",
    "true",
    "5",
    "1.0",
    "null",
    "a: b",
    "#c",
    "- d",
    "{e}",
    "it's",
    '"q"',
    "é",
    "a, b",
    " f ",
)
_LONG = ("two\nlines\n", "two\nlines", "three\n\nlines\n", "keeps\n\n\n")
_KEYS = ("name", "rules", "default", "when", "on", "k 1", "5", "true", "é", "a-b", "tags", "it's")
_COMMENTS = ("# note", "#", "# a: b", "# - c {", "# 'd")


def random_tree(rng: Random, depth: int = 0) -> Any:
    """Return a mapping of mappings, lists, texts and numbers; every part may be empty."""
    if depth == 0:
        return {key: random_tree(rng, 1) for key in rng.sample(_KEYS, rng.randint(1, 5))}
    kind = rng.random()
    if depth > 3 or kind < 0.5:
        return _leaf(rng)
    if kind < 0.75:
        return {key: random_tree(rng, depth + 1) for key in rng.sample(_KEYS, rng.randint(0, 3))}
    return [random_tree(rng, depth + 1) for _ in range(rng.randint(0, 3))]


def _leaf(rng: Random) -> Any:
    kind = rng.random()
    if kind < 0.55:
        return rng.choice(_WORDS)
    if kind < 0.7:
        return rng.choice(_ODD)
    if kind < 0.8:
        return rng.choice(_LONG)
    return rng.choice((0, 5, -3, 2.5, True, False, None))


def random_edit(rng: Random, tree: Any) -> tuple[str, tuple[str | int, ...], Any]:
    """Return an operation, where, and its argument, that can be made on a tree."""
    places = [place for place in _places(tree, ()) if place]
    maps = [()] + [place for place in places if isinstance(_at(tree, place), dict)]
    lists = [place for place in places if isinstance(_at(tree, place), list)]
    keys = [place for place in places if isinstance(place[-1], str)]
    kind = rng.random()
    if kind < 0.12 and (maps[1:] or lists):
        place = rng.choice((*maps[1:], *lists))
        return "set", place, _varied(rng, _at(tree, place))
    if kind < 0.35:
        return "set", rng.choice(places), random_tree(rng, rng.randint(1, 4))
    if kind < 0.5:
        place = rng.choice(maps)
        free = [key for key in (*_KEYS, "brand new") if key not in _at(tree, place)]
        return "set", (*place, rng.choice(free)), random_tree(rng, rng.randint(1, 4))
    if kind < 0.65 and lists:
        place = rng.choice(lists)
        items = [random_tree(rng, 3) for _ in range(rng.randint(1, 2))]
        return "insert", (*place, rng.randint(0, len(_at(tree, place)))), items
    if kind < 0.8 and keys:
        place = rng.choice(keys)
        free = [key for key in (*_KEYS, "brand new") if key not in _at(tree, place[:-1])]
        return "rename", place, rng.choice(free)
    removable = [place for place in places if len(place) > 1 or len(tree) > 1]
    if not removable:
        return "set", rng.choice(places), "on"
    return "remove", rng.choice(removable), None


def _varied(rng: Random, node: Any) -> Any:
    """Return a mapping or list with parts taken out, put in and changed here and there."""
    if isinstance(node, list):
        made = [_varied(rng, each) for each in node if rng.random() < 0.7]
        for _ in range(rng.randint(0, 2)):
            made.insert(rng.randint(0, len(made)), random_tree(rng, 3))
        return made
    if isinstance(node, dict):
        kept = {key: _varied(rng, each) for key, each in node.items() if rng.random() < 0.8}
        return {**kept, rng.choice(_KEYS): random_tree(rng, 3)} if rng.random() < 0.5 else kept
    return _leaf(rng) if rng.random() < 0.2 else node


def _places(node: Any, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    below = list(node.items()) if isinstance(node, dict) else []
    below += list(enumerate(node)) if isinstance(node, list) else []
    return [path] + [each for step, child in below for each in _places(child, (*path, step))]


def _at(node: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        node = node[step]
    return node


def odd_yaml(rng: Random, tree: Any) -> str:
    """Return a text that reads as `tree`, spelled at random."""
    writer = _Writer(rng)
    lines = [] if rng.random() < 0.7 else ["# head", ""]
    lines += [] if rng.random() < 0.8 else [rng.choice(("---", "--- # start"))]
    if rng.random() < 0.12:
        flow = writer.flow(tree, 1)
        lines += flow.split("\n")
    else:
        lines += writer.mapping(tree, 0)
    if rng.random() < 0.15 and not writer.ends_in_block:
        lines += ["", "# foot"]
    newline = rng.choice(("\n", "\n", "\r\n"))
    return newline.join(lines) + (newline if writer.ends_in_block or rng.random() < 0.8 else "")


class _Writer:
    """Writes trees as lines; `indent` is the column that the lines begin at."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._anchors = 0
        self.ends_in_block = False

    def _may(self, share: float) -> bool:
        return self._rng.random() < share

    def mapping(self, node: dict[str, Any], indent: int) -> list[str]:
        lines: list[str] = []
        for key, value in node.items():
            if lines:
                lines += self._between(indent, after_block=self.ends_in_block)
            self.ends_in_block = False
            lines += self._entry(key, value, indent)
        return lines

    def _between(self, indent: int, *, after_block: bool) -> list[str]:
        """Return blank lines and comments; behind a block of text they could be part of it."""
        lines: list[str] = []
        if after_block:
            return lines
        if self._may(0.1):
            lines.append("")
        if self._may(0.15):
            lines.append(" " * (indent + self._rng.choice((0, 0, 3))) + self._comment())
        return lines

    def _entry(self, key: str, value: Any, indent: int) -> list[str]:
        pad = " " * indent
        head = f"{pad}{self._scalar(key, key=True)}{self._rng.choice(('', '', ' '))}:"
        block = bool(value) and isinstance(value, dict | list) and self._may(0.65)
        if isinstance(value, str) and "\n" in value and self._may(0.7):
            return self._literal(head + " ", value, indent)
        if not block:
            return self._inline(head, value, indent)
        anchor = self._anchor()
        below = indent + self._rng.choice((1, 2, 2, 2, 4))
        if isinstance(value, list) and self._may(0.4):
            below = indent
        lines = [f"{head}{anchor}{self._trailing()}"]
        if self._may(0.1):
            lines.append(" " * below + self._comment())
        inner = self.mapping(value, below) if isinstance(value, dict) else self.items(value, below)
        return lines + inner

    def _inline(self, head: str, value: Any, indent: int) -> list[str]:
        if value is None and self._may(0.4):
            return [head + self._trailing()]
        written = self._anchor() + " " * self._rng.choice((1, 1, 2)) + self.flow(value, indent + 1)
        if "\n" not in written and self._may(0.05):
            return [head + self._trailing(), " " * (indent + 2) + written.lstrip()]
        return (head + written + self._trailing()).split("\n")

    def _literal(self, head: str, value: str, indent: int) -> list[str]:
        """Return a literal block; blank lines at its end belong to it where it keeps them."""
        self.ends_in_block = True
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        chomp = "-" if ends == 0 else "+" if ends > 1 else ""
        pad = " " * (indent + self._rng.choice((1, 2, 3)))
        lines = [f"{head}|{chomp}{self._trailing()}"]
        lines += [pad + line if line else "" for line in body.split("\n")]
        return lines + [""] * max(0, ends - 1)

    def items(self, node: list[Any], indent: int) -> list[str]:
        lines: list[str] = []
        for value in node:
            if lines:
                lines += self._between(indent, after_block=self.ends_in_block)
            self.ends_in_block = False
            lines += self._item(value, indent)
        return lines

    def _item(self, value: Any, indent: int) -> list[str]:
        gap = self._rng.choice((1, 1, 1, 3))
        inner = indent + 1 + gap
        dash = " " * indent + "-"
        if isinstance(value, str) and "\n" in value and self._may(0.7):
            return self._literal(f"{dash} ", value, indent)
        if not value or not isinstance(value, dict | list) or self._may(0.4):
            return self._inline(dash, value, indent)
        lines = self.mapping(value, inner) if isinstance(value, dict) else self.items(value, inner)
        if self._may(0.15):
            return [dash + self._trailing(), *lines]
        return [dash + " " * gap + lines[0][inner:], *lines[1:]]

    def flow(self, value: Any, indent: int) -> str:
        if isinstance(value, dict | list):
            return self._brackets(value, indent)
        return self._scalar(value)

    def _brackets(self, value: Any, indent: int) -> str:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        parts = (
            [self._pair(key, each, indent) for key, each in value.items()]
            if isinstance(value, dict)
            else [self.flow(each, indent) for each in value]
        )
        if not parts:
            return opening + self._rng.choice(("", "", " ")) + closing
        if self._may(0.25):
            pad = "\n" + " " * (indent + self._rng.choice((1, 2)))
            ends = [f",{self._trailing()}"] * (len(parts) - 1)
            ends.append(self._rng.choice(("", ",", " # c", ", # c")))
            inner = "".join(f"{pad}{part}{end}" for part, end in zip(parts, ends, strict=True))
            return f"{opening}{self._trailing()}{inner}\n{' ' * indent}{closing}"
        space = self._rng.choice(("", "", " "))
        inner = self._rng.choice((", ", ", ", " , ", ",  ")).join(parts)
        return f"{opening}{space}{inner}{self._rng.choice(('', '', ','))}{space}{closing}"

    def _pair(self, key: str, value: Any, indent: int) -> str:
        if value is None and self._may(0.2):
            return self._scalar(key, key=True) + self._rng.choice(("", ": "))
        return f"{self._scalar(key, key=True)}: {self.flow(value, indent)}"

    def _scalar(self, value: Any, *, key: bool = False) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        plain = value in (*_WORDS, *_KEYS) and value not in ("5", "true")
        if (plain or (key and value in ("5", "true"))) and self._may(0.7):
            return value
        if "\n" not in value and self._may(0.5):
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=self._may(0.2))

    def _anchor(self) -> str:
        if not self._may(0.05):
            return ""
        self._anchors += 1
        return f" &n{self._anchors}"

    def _trailing(self) -> str:
        return f" {self._comment()}" if self._may(0.12) else ""

    def _comment(self) -> str:
        return self._rng.choice(_COMMENTS)
