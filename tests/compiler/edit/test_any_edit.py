"""Promise: in any spelling, an edited text reads as the edited tree, and nothing else moved."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from burgee_compiler.diagnostics import Where
from burgee_compiler.edit import Edit, Insert, NotPatchable, Remove, Rename, Set, apply_edits
from burgee_compiler.source import Places, Plain, read_yaml, resolve
from support.odd_yaml import odd_yaml, random_edit, random_tree

Path = tuple[str | int, ...]


def read(text: bytes) -> Any:
    node, found = read_yaml(text, "f.yaml")
    assert not found, (text, found)
    assert node is not None
    return resolve(node)


def expected(tree: Any, kind: str, path: Path, value: Any) -> Any:
    """Make the edit on plain data, by other code than the engine's."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if rest:
        below = expected(tree[step], kind, rest, value)
        if isinstance(tree, dict):
            return {**tree, step: below}
        return [below if index == step else each for index, each in enumerate(tree)]
    if kind == "rename":
        return {(value if key == step else key): each for key, each in tree.items()}
    if kind == "insert":
        assert isinstance(step, int)
        return [*tree[:step], *value, *tree[step:]]
    if kind == "set":
        if isinstance(tree, dict):
            return {**tree, step: value}
        return [value if index == step else each for index, each in enumerate(tree)]
    if isinstance(tree, dict):
        return {key: each for key, each in tree.items() if key != step}
    return [each for index, each in enumerate(tree) if index != step]


def edit_of(kind: str, path: Path, value: Any) -> Edit:
    if kind == "set":
        return Set(path, value)
    if kind == "rename":
        return Rename(path, value)
    if kind == "insert":
        index = path[-1]
        assert isinstance(index, int)
        return Insert(path[:-1], tuple(value), index)
    return Remove(path)


def region(text: bytes, path: Path) -> tuple[int, int]:
    """Return the first and last line of what an edit at a path may touch: its owner."""
    places = Places(text)
    span = places.span(Where("f.yaml", path[:-1]))
    return min(span.line, places.span(Where("f.yaml", path[:-1], "key")).line), span.end_line


@settings(max_examples=400, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 2**64))
def test_an_edit_of_the_text_is_the_edit_of_the_tree(seed: int) -> None:
    rng = Random(seed)
    tree = random_tree(rng)
    text = odd_yaml(rng, tree).encode()
    assert read(text) == tree, text.decode()
    for _ in range(rng.randint(1, 3)):
        kind, path, value = random_edit(rng, tree)
        made = apply_edits(text, [edit_of(kind, path, value)], "f.yaml", "free")
        shown = f"{kind} {path} {value!r}\n{text.decode()}"
        takes_out = kind == "remove" or isinstance(value, dict | list)
        if b"|" in text and isinstance(made, NotPatchable) and takes_out:
            return  # what comes next would become part of a block of text: told, not done
        assert isinstance(made, bytes), f"{made}\n{shown}"
        after = expected(tree, kind, path, value)
        assert read(made) == after, f"{shown}\n---\n{made.decode()}"
        if json.dumps(tree) == json.dumps(after):
            assert made == text or "null" in json.dumps(value)  # nothing is null only here
        elif len(path) > 1 and b"|+" not in text:
            only_there(text, made, *region(text, path), shown)
        tree, text = after, made


def only_there(before: bytes, after: bytes, first: int, last: int, shown: str) -> None:
    """Hold every line before and after the region against the original, byte by byte."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    while last < len(old) and old[last].strip()[:1] in (b"", b"#"):
        last += 1  # comments that are indented deeper belong to what stands above them
    head, tail = old[: max(0, first - 2)], old[last + 1 :]
    assert new[: len(head)] == head, f"{shown}\n---\n{after.decode()}"
    assert not tail or new[-len(tail) :] == tail, f"{shown}\n---\n{after.decode()}"


def test_no_edit_at_all_changes_nothing() -> None:
    assert apply_edits(b"a:   1 # c", [], "f.yaml", "free") == b"a:   1 # c"
    assert apply_edits(b"a:   1 # c", [Set(("a",), Plain("1"))], "f.yaml", "free") == b"a:   1 # c"
