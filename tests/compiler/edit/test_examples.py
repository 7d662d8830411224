"""Promise: every part of the example repository can be edited, and only its lines change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from burgee_compiler.edit import Remove, Set, apply_edits
from burgee_compiler.edit.tree import find, same
from burgee_compiler.source import Node, read_yaml
from support.process import ROOT

REPOSITORY = ROOT / "flags-repo"
FILES = sorted(each for each in REPOSITORY.rglob("*.yaml") if ".lock" not in each.name)[::3]
Steps = tuple[str | int, ...]


def places(node: Node, path: Steps = ()) -> Iterator[Steps]:
    if path:
        yield path
    if isinstance(node, dict):
        for key, child in node.items():
            yield from places(child, (*path, key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from places(child, (*path, index))


def tree(text: bytes) -> Node:
    node, found = read_yaml(text, "f.yaml")
    assert node is not None, found
    return node


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.name)
def test_each_value_can_be_set_and_set_back(file: Path) -> None:
    text, name = file.read_bytes(), file.relative_to(REPOSITORY).as_posix()
    for path in list(places(tree(text)))[::4]:
        value = find(tree(text), path)
        made = apply_edits(text, [Set(path, "another value")], name, "free")
        assert isinstance(made, bytes), (path, made)
        assert find(tree(made), path) == "another value"
        changed = set(text.splitlines()) - set(made.splitlines())
        if not isinstance(value, dict | list):
            assert len(changed) <= 1
        assert value is not None
        back = apply_edits(made, [Set(path, value)], name, "free")
        assert isinstance(back, bytes), (path, back)
        assert same(tree(back), tree(text))


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.name)
def test_each_part_can_be_taken_out(file: Path) -> None:
    text, name = file.read_bytes(), file.relative_to(REPOSITORY).as_posix()
    whole = tree(text)
    for path in list(places(whole))[::3]:
        if len(path) == 1 and len(whole) == 1:
            continue
        made = apply_edits(text, [Remove(path)], name)
        assert isinstance(made, bytes), (path, made)
        kept = made.splitlines()
        assert len([each for each in kept if each not in text.splitlines()]) <= 1, path
