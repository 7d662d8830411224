"""New names for a flag or a rule that move no user: every place that names it is changed too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from burgee_compiler.checks.views import FlagView, TenantView
from burgee_compiler.checks.walk import said
from burgee_compiler.edit import Edit, Path, Remove, Rename, Set
from burgee_compiler.edit.tree import find
from burgee_compiler.repository import Repository, TenantFiles
from burgee_compiler.source import Node
from burgee_compiler.writes.changes import Writing, lock_of
from burgee_compiler.writes.create import flag_path
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["rename_flag", "rename_rule"]

_Namer: TypeAlias = Callable[[str], str]


def rename_flag(
    writing: Writing, repository: Repository, files: TenantFiles, key: str, new: str
) -> str:
    """Give a flag another key; return its path. The old key becomes its seed, where it had none."""
    old_path, new_path = files.flags[key].path, flag_path(files.name, new)
    if writing.read(new_path) is not None:
        raise WriteRefusedError(f"there is a flag {new} already: {new_path}", "take another key")
    flag = writing.node(old_path)
    if find(flag, ("seed",)) is None and _has_tables(flag):
        writing.edit(old_path, [Set(("seed",), key)])
    elif find(flag, ("seed",)) == new and find(flag, ("seed",)) is not None:
        writing.edit(old_path, [Remove(("seed",))])  # it goes back to its first name
    for view in TenantView(repository, files).flags:
        edits: list[Edit] = [Set(path, new) for path in _naming(view, key)]
        if edits:
            writing.edit(view.file, edits)
    _rename_slots(writing, files, lambda claim: _moved(claim, f"{key}/", f"{new}/"))
    writing.move(old_path, new_path)
    writing.move(lock_of(old_path), lock_of(new_path))
    return new_path


def rename_rule(
    writing: Writing, repository: Repository, files: TenantFiles, key: str, old: str, new: str
) -> None:
    """Give a rule of a flag another name; the old one stays as `was`, where a table needs it."""
    file = files.flags[key].path
    flag = writing.node(file)
    view = next(each for each in TenantView(repository, files).flags if each.key == key)
    rules = [path for path, rule in view.rules if rule.name == old]
    if not rules:
        names = ", ".join(dict.fromkeys(rule.name for _, rule in view.rules)) or "none"
        raise WriteRefusedError(f'{key} has no rule "{old}"', f"there are: {names}")
    edits: list[Edit] = []
    for path in rules:
        edits += [Set((*path, "name"), new), *_was(find(flag, path), path, old, new)]
    tests = find(flag, ("tests",))
    for index in range(len(tests) if isinstance(tests, list) else 0):
        for field in ("rule", "experiment"):
            place: Path = ("tests", index, "expect", field)
            if find(flag, place) == old:
                edits.append(Set(place, new))
    writing.edit(file, edits)
    _rename_slots(
        writing, files, lambda claim: f"{key}/{new}" if claim == f"{key}/{old}" else claim
    )
    _rename_tables(writing, lock_of(file), old, new)


def _has_tables(node: Node) -> bool:
    """Return whether a split or a gate stands anywhere in a flag, so that its salt counts."""
    if isinstance(node, dict):
        return "split" in node or "percentage" in node or any(map(_has_tables, node.values()))
    return isinstance(node, list) and any(map(_has_tables, node))


def _was(rule: Node | None, path: Path, old: str, new: str) -> Iterator[Edit]:
    if not isinstance(rule, dict):
        return
    was = rule.get("was")
    if was == new:
        yield Remove((*path, "was"))  # it goes back to its first name
    elif was is None and "seed" not in rule and _has_tables(rule):
        yield Set((*path, "was"), old)


def _naming(view: FlagView, key: str) -> Iterator[Path]:
    for path, part in view.parts:
        for index, need in enumerate(said(part, "requires") or ()):
            if need.flag == key:
                yield (*path, "requires", index, "flag")
    for path, condition in view.conditions:
        if condition.flag == key:
            yield (*path, "flag")


def _moved(claim: str, old: str, new: str) -> str:
    return new + claim.removeprefix(old) if claim.startswith(old) else claim


def _rename_slots(writing: Writing, files: TenantFiles, name: _Namer) -> None:
    edits = [
        Rename((layer, "slots", claim), name(claim))
        for layer, each in files.layers.items()
        for claim in each.slots
        if name(claim) != claim
    ]
    if edits:
        writing.edit(files.path_of_layers(), edits)


def _rename_tables(writing: Writing, lock: str, old: str, new: str) -> None:
    if writing.read(lock) is None:
        return
    tables = find(writing.node(lock), ("tables",))
    edits = [
        Set(("tables", index, "table"), new)
        for index, each in enumerate(tables if isinstance(tables, list) else [])
        if isinstance(each, dict) and each.get("table") == old
    ]
    if edits:
        writing.edit(lock, edits)
