"""The door: bytes and edits in, bytes or a refusal out. Pure; nothing is written by halves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Final

from burgee_compiler.edit import steps, tree
from burgee_compiler.edit.document import Document
from burgee_compiler.edit.edits import (
    Edit,
    Insert,
    Path,
    Remove,
    Rename,
    Set,
    Value,
    to_node,
)
from burgee_compiler.edit.emptied import with_emptied
from burgee_compiler.edit.habits import Habits
from burgee_compiler.edit.order import Shape, shape_of
from burgee_compiler.edit.refusals import (
    NoSuchPlace,
    NotPatchable,
    Refused,
    RefusedError,
    Unreadable,
    refuse,
)
from burgee_compiler.edit.render import Renderer
from burgee_compiler.edit.shorthand import spelled
from burgee_compiler.source import Node, read_yaml

__all__ = ["apply_edits", "new_file"]

_NAMES: Final = ("name", "user", "flag", "table", "it", "at")
"""Fields by which items of the format's lists are told apart."""


def apply_edits(
    text: bytes, edits: Iterable[Edit], file: str, shape: Shape | None = None
) -> bytes | Refused:
    """Return the bytes of a YAML file with edits made in their order, or why they are not.

    `file` is its path in the flag repository; it says what the file holds, unless `shape` does.
    What no edit is about stays byte by byte. The result has been read again with the compiler's
    reader and found to be the tree that the edits ask for.
    """
    before, found = read_yaml(text, file)
    if before is None:
        return Unreadable((), f"{file} does not read", found=tuple(found))
    shape = shape_of(file) if shape is None else shape
    edits = tuple(edits)
    made = _tried(_Editor(text.decode(), before, shape), edits, file)
    if isinstance(made, NotPatchable):
        return _tried(_Editor(text.decode(), before, shape, cautious=True), edits, file)
    return made


def new_file(value: Value, file: str) -> bytes | Refused:
    """Return a new file with these fields, in the order of the format."""
    try:
        node = to_node(value)
        if not isinstance(node, dict) or not node:
            refuse(NoSuchPlace((), "a file holds a mapping"))
        text = Renderer(Habits(), shape_of(file)).entries(node, (), 0) + "\n"
    except RefusedError as error:
        return error.refused
    return text.encode()


def _tried(editor: _Editor, edits: Iterable[Edit], file: str) -> bytes | Refused:
    try:
        for edit in edits:
            editor.make(edit)
    except RefusedError as error:
        return error.refused
    made = editor.text.encode()
    after, found = read_yaml(made, file)
    if after is None:
        return NotPatchable((), f"the edit would leave no YAML: {found[0].message}")
    if not tree.same(after, editor.tree):
        return NotPatchable((), "the text is spelled in a way that this edit does not come out in")
    return made


class _Editor:
    """A text and the tree that it must read as, taken through edits step by step."""

    def __init__(self, text: str, node: Node, shape: Shape, *, cautious: bool = False) -> None:
        self.text = text
        self.tree = node
        self._shape = shape
        self._cautious = cautious
        self._known: Document | None = None

    def make(self, edit: Edit) -> None:
        edit = spelled(self.tree, edit, self._shape)
        if isinstance(edit, Set):
            self._set(edit.path, to_node(edit.value, edit.path))
        elif isinstance(edit, Remove):
            self._remove(edit.path)
        elif isinstance(edit, Insert):
            self._insert(edit)
        else:
            self._rename(edit)

    @property
    def _doc(self) -> Document:
        if self._known is None:
            self._known = Document(self.text, self._shape, cautious=self._cautious)
        return self._known

    def _now(self, text: str, node: Node) -> None:
        self.text, self.tree, self._known = text, node, None

    def _set(self, path: Path, node: Node) -> None:
        old = tree.find(self.tree, path)
        if old is None:
            self._add(path, node)
        else:
            self._settle(path, old, node)

    def _add(self, path: Path, node: Node) -> None:
        """Make a value where there is none, with the mappings that lead to it."""
        depth = next(
            depth for depth in range(len(path)) if tree.find(self.tree, path[: depth + 1]) is None
        )
        for step in reversed(path[depth + 1 :]):
            if isinstance(step, int):
                refuse(NoSuchPlace(path, f"there is no list that could have an item {step}"))
            node = {step: node}
        owner, step = tree.find(self.tree, path[:depth]), path[depth]
        if isinstance(owner, list):
            if step != len(owner):
                refuse(NoSuchPlace(path, f"there is no item {step}"))
            self._put(path[:depth], len(owner), [node])
        elif isinstance(step, int):
            refuse(NoSuchPlace(path, f"there is no list that could have an item {step}"))
        elif isinstance(owner, dict):
            place = path[: depth + 1]
            self._now(steps.added(self._doc, place, node), tree.replaced(self.tree, place, node))
        elif owner == "":
            self._write(path[:depth], {step: node})
        else:
            refuse(NoSuchPlace(path, "a value stands where a mapping would have to"))

    def _settle(self, path: Path, old: Node, new: Node) -> None:
        """Write only what differs."""
        if tree.same(old, new):
            return
        whole = self._doc.at(path).kind == "alias" or not old or not new
        if isinstance(old, dict) and isinstance(new, dict) and not whole:
            if path == () or old.keys() & new.keys():
                self._settle_mapping(path, old, new)
                return
        elif isinstance(old, list) and isinstance(new, list) and not whole:
            self._settle_list(path, old, new)
            return
        self._write(path, new)

    def _settle_mapping(self, path: Path, old: dict[str, Node], new: dict[str, Node]) -> None:
        for key, each in new.items():
            if key in old:
                self._settle((*path, key), old[key], each)
            else:
                self._add((*path, key), each)
        for key in old:
            if key not in new:
                self._drop((*path, key))

    def _settle_list(self, path: Path, old: list[Node], new: list[Node]) -> None:
        old = self._thin(path, old, new)
        for _, start, end, into, until in reversed(_opcodes(old, new)):
            common = min(end - start, until - into)
            if until - into > common:
                self._put(path, start + common, new[into + common : until])
            for index in range(end - 1, start + common - 1, -1):
                self._drop((*path, index))
            for index in range(common - 1, -1, -1):
                self._settle((*path, start + index), old[start + index], new[into + index])

    def _thin(self, path: Path, old: list[Node], new: list[Node]) -> list[Node]:
        """Take out what `new` has no more, in one step where that can be; return what is left."""
        gone = _gone(old, new)
        text = steps.thinned(self._doc, path, sorted(gone)) if len(gone) > 1 else None
        if text is None:
            return old
        left = [each for index, each in enumerate(old) if index not in gone]
        self._now(text, tree.replaced(self.tree, path, left))
        return left

    def _remove(self, path: Path) -> None:
        if not path or tree.find(self.tree, path) is None:
            refuse(NoSuchPlace(path, f"there is no {'.'.join(map(str, path))}"))
        self._doc.at(path)
        self._drop(with_emptied(self.tree, path, self._shape))

    def _insert(self, edit: Insert) -> None:
        nodes = [to_node(each, edit.path) for each in edit.items]
        found = tree.find(self.tree, edit.path)
        if not nodes:
            return
        if found is None or found == "":
            self._set(edit.path, nodes)
        elif not isinstance(found, list):
            refuse(NoSuchPlace(edit.path, "there is no list here"))
        else:
            self._put(edit.path, len(found) if edit.index is None else edit.index, nodes)

    def _rename(self, edit: Rename) -> None:
        node = tree.renamed(self.tree, edit.path, edit.name)
        if edit.path[-1] != edit.name:
            self._now(steps.rekeyed(self._doc, edit.path, edit.name), node)

    def _write(self, path: Path, node: Node) -> None:
        self._now(steps.written(self._doc, path, node), tree.replaced(self.tree, path, node))

    def _drop(self, path: Path) -> None:
        self._now(steps.dropped(self._doc, path), tree.removed(self.tree, path))

    def _put(self, path: Path, index: int, nodes: list[Node]) -> None:
        node = tree.inserted(self.tree, path, index, nodes)
        self._now(steps.put(self._doc, path, index, nodes), node)


def _gone(old: list[Node], new: list[Node]) -> set[int]:
    """Return which items of `old` are in `new` no more."""
    labels, wanted = [_label(each) for each in old], [_label(each) for each in new]
    matched = 0  # in linear time where nothing else has changed
    gone: set[int] = set()
    for index, each in enumerate(labels):
        if matched < len(wanted) and wanted[matched] == each:
            matched += 1
        else:
            gone.add(index)
    if matched == len(wanted):
        return gone
    return {
        index
        for _, start, end, into, until in _opcodes(old, new)
        for index in range(start + min(end - start, until - into), end)
    }


def _opcodes(old: list[Node], new: list[Node]) -> Sequence[tuple[str, int, int, int, int]]:
    labels = [_label(each) for each in old], [_label(each) for each in new]
    if labels[0] == labels[1]:
        return [("equal", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, *labels, autojunk=False).get_opcodes()


def _label(node: Node) -> str:
    if isinstance(node, dict):
        for name in _NAMES:
            if isinstance(node.get(name), str):
                return f"{name} {node[name]}"
    return repr(node)
