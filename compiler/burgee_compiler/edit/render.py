"""New text for a tree: in brackets on one line, or in lines of its own."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from burgee_compiler.edit.edits import Path
from burgee_compiler.edit.habits import WIDTH, Habits
from burgee_compiler.edit.marks import Style
from burgee_compiler.edit.order import Shape, place_at, rank_in
from burgee_compiler.edit.scalars import Spot, literal_lines, reads_as_text, scalar
from burgee_compiler.source import Node

__all__ = ["Form", "Rendered", "Renderer"]

Form = Literal["flow", "block"] | None
"""How a neighbour is written, None where there is none to go by."""


class Rendered(Struct, frozen=True):
    """Text behind a key or dash, and the lines that follow, each with its break before it."""

    first: str
    rest: str = ""


class Renderer:
    """Writes trees as a file with these habits would have them."""

    def __init__(self, habits: Habits, shape: Shape) -> None:
        self._habits = habits
        self._shape = shape

    def scalar(self, value: str, spot: Spot, like: Style = "") -> str:
        """Return a scalar; a word that the file has in quotes elsewhere is put in quotes."""
        if not like and reads_as_text(value):
            like = self._habits.quotes.get(str(value), "")
        return scalar(value, spot, like)

    def flow(self, node: Node, path: Path = ()) -> str:
        """Return a tree on one line."""
        if isinstance(node, dict):
            entries = (
                f"{self.scalar(key, 'flow')}: {self.flow(each, (*path, key))}"
                for key, each in self._ordered(node, path)
            )
            return "{" + ", ".join(entries) + "}"
        if isinstance(node, list):
            items = (self.flow(each, (*path, index)) for index, each in enumerate(node))
            return "[" + ", ".join(items) + "]"
        return self.scalar(node, "flow")

    def value(self, node: Node, path: Path, indent: int, form: Form = None) -> Rendered:
        """Return what stands behind a key that begins at column `indent`."""
        if isinstance(node, str):
            return self._text(node, indent)
        if form == "flow" and len(self.flow(node, path)) > self._room(path, indent):
            form = "block"
        if not node or not self._in_lines(node, path, indent, form):
            return Rendered(self.flow(node, path))
        if isinstance(node, dict):
            below = indent + self._habits.step
            return Rendered("", self._break(below) + self.entries(node, path, below))
        below = indent + self._habits.dash
        return Rendered("", self._break(below) + self.items(node, path, below))

    def item(self, node: Node, path: Path, indent: int, form: Form = None) -> Rendered:
        """Return what stands behind a dash; `indent` is the column it begins at."""
        if isinstance(node, str):
            return self._text(node, indent - self._habits.step)
        if not isinstance(node, dict) or not node or not self._in_lines(node, path, indent, form):
            return Rendered(self.flow(node, path))
        text = self.entries(node, path, indent)
        first, newline, rest = text.partition(self._habits.newline)
        return Rendered(first, newline + rest)

    def entries(self, node: dict[str, Node], path: Path, indent: int) -> str:
        """Return the lines of a mapping; the first without indentation."""
        lines = (
            self.entry(key, each, (*path, key), indent) for key, each in self._ordered(node, path)
        )
        return self._break(indent).join(lines)

    def entry(self, key: str, node: Node, path: Path, indent: int, form: Form = None) -> str:
        """Return a key and its value, the first line without indentation."""
        made = self.value(node, path, indent, form)
        first = f" {made.first}" if made.first else ""
        return f"{self.scalar(key, 'key')}:{first}{made.rest}"

    def items(self, node: list[Node], path: Path, indent: int, form: Form = None) -> str:
        """Return the lines of a list; the first without indentation."""
        made = [
            self.item(each, (*path, index), indent + 2, form) for index, each in enumerate(node)
        ]
        return self._break(indent).join(f"- {each.first}{each.rest}" for each in made)

    def _text(self, value: str, indent: int) -> Rendered:
        literal = self._habits.literals and reads_as_text(value)
        found = literal_lines(value) if literal else None
        if found is None:
            return Rendered(self.scalar(value, "block"))
        header, lines = found
        below = self._break(indent + self._habits.step)
        return Rendered(
            header, "".join(below + line if line else self._habits.newline for line in lines)
        )

    def _in_lines(self, node: Node, path: Path, indent: int, form: Form) -> bool:
        if form is not None:
            return form == "block"
        place = place_at(self._shape, path)
        if place in ("*rule", "*override", "*lock_table", "lock_table"):
            return True
        if place == "rule" and isinstance(path[-1], int):
            return True
        if isinstance(node, dict) and (place == "*variant" or path[-1:] == ("environments",)):
            return True
        if place in ("layer", "*test") or path[-1:] in (("slots",), ("ranges",)):
            return True
        if place == "flag" and not path:
            return True
        return len(self.flow(node, path)) > self._room(path, indent)

    def _room(self, path: Path, indent: int) -> int:
        return WIDTH - indent - (len(str(path[-1])) + 2 if path else 0)

    def _ordered(self, node: dict[str, Node], path: Path) -> list[tuple[str, Node]]:
        """Return a mapping's entries in the order of the format; unknown ones stay behind."""
        ranks = {key: rank_in(self._shape, path, key) for key in node}
        last = len(node) + max((rank for rank in ranks.values() if rank is not None), default=0)
        return sorted(
            node.items(), key=lambda each: last if ranks[each[0]] is None else ranks[each[0]] or 0
        )

    def _break(self, indent: int) -> str:
        return self._habits.newline + " " * indent
