"""A text with its marks, and the way along a path to the marks of a place."""

from __future__ import annotations

from functools import cached_property

from yaml import YAMLError

from burgee_compiler.edit.edits import Path
from burgee_compiler.edit.habits import Habits, habits_of
from burgee_compiler.edit.marks import Mark, marks_of
from burgee_compiler.edit.order import Shape
from burgee_compiler.edit.refusals import AliasInTheWay, NoSuchPlace, NotPatchable, refuse
from burgee_compiler.edit.render import Form, Renderer

__all__ = ["Document", "form_of"]


class Document:
    """One state of a text between two steps of an edit."""

    def __init__(self, text: str, shape: Shape, *, cautious: bool = False) -> None:
        self.text = text
        self.cautious = cautious
        self.shape = shape
        try:
            self.root = marks_of(text)
        except YAMLError as error:
            refuse(NotPatchable((), f"an edit before this one left no YAML: {error}"))

    @cached_property
    def habits(self) -> Habits:
        """How the text is written."""
        return habits_of(self.text, self.root, cautious=self.cautious)

    @cached_property
    def renderer(self) -> Renderer:
        """What writes new text in the same way."""
        return Renderer(self.habits, self.shape)

    def at(self, path: Path) -> Mark:
        """Return the mark of a place that may be changed; AliasInTheWay where others would too."""
        mark = self.root
        for depth, step in enumerate(path):
            self._refuse_shared(mark, path[:depth])
            mark = _child(mark, step, path[: depth + 1])
        return mark

    def inside(self, path: Path) -> Mark:
        """Return the mark of a mapping or list that is to be changed in its parts."""
        mark = self.at(path)
        self._refuse_shared(mark, path)
        return mark

    def refuse_used(self, mark: Mark, path: Path) -> None:
        """Refuse to take away a node whose anchor, or one in it, is used elsewhere."""
        within = list(mark.below())
        inside = {id(each) for each in within}
        anchors = {each.anchor for each in within if each.anchor is not None}
        if not anchors:
            return
        for each in self.root.below():
            if each.kind == "alias" and each.value in anchors and id(each) not in inside:
                refuse(AliasInTheWay(path, f"&{each.value} stands here, and *{each.value} uses it"))

    def _refuse_shared(self, mark: Mark, path: Path) -> None:
        if mark.kind == "alias":
            refuse(AliasInTheWay(path, f"*{mark.value} stands here for what is elsewhere"))
        if mark.anchor is not None and mark.anchor in self._aliases:
            refuse(AliasInTheWay(path, f"&{mark.anchor} stands here, and *{mark.anchor} uses it"))

    @cached_property
    def _aliases(self) -> frozenset[str]:
        return frozenset(each.value for each in self.root.below() if each.kind == "alias")


def _child(mark: Mark, step: str | int, path: Path) -> Mark:
    if mark.kind == "map" and isinstance(step, str):
        entry = mark.entry(step)
        if entry is not None:
            return entry.value
    elif mark.kind == "list" and isinstance(step, int) and 0 <= step < len(mark.items):
        return mark.items[step]
    return refuse(NoSuchPlace(path, f"there is no {'.'.join(map(str, path))}"))


def form_of(marks: list[Mark]) -> Form:
    """Return how the last mapping or list among neighbours is written."""
    for mark in reversed(marks):
        if mark.kind in ("map", "list") and (mark.entries or mark.items):
            return "flow" if mark.flow else "block"
    return None
