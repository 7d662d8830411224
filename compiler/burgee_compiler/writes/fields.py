"""Setting and removing fields of a flag, in the base or in an environment's overlay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from burgee_compiler.edit import Edit, Path, Remove, Set
from burgee_compiler.edit.tree import find
from burgee_compiler.source import Node, read_yaml
from burgee_compiler.writes.changes import Writing
from burgee_compiler.writes.paths import field_path, in_environment
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["overlays_of", "read_value", "remove_field", "set_field", "steps_of"]

_TEXTS: Final = frozenset({"name", "description", "owner", "hypothesis", "reason", "it"})


def set_field(
    writing: Writing, file: str, field: str, value: Node, environment: str | None = None
) -> Path:
    """Set a field of a flag's file; return its path."""
    flag = writing.node(file)
    path = field_path(flag, field, environment)
    writing.edit(file, [*_given(flag, path), Set(path, value)])
    return path


def remove_field(writing: Writing, file: str, field: str, environment: str | None = None) -> Path:
    """Remove a field from a flag's file; return its path."""
    flag = writing.node(file)
    path = field_path(flag, field, environment)
    writing.edit(file, [*_given(flag, path), Remove(path)])
    return path


def read_value(field: str, text: str) -> Node:
    """Return the value that somebody wrote for a field: YAML, or the text itself for texts."""
    if field.rpartition(".")[2] in _TEXTS and not field.startswith(("variants.", "metadata.")):
        return text
    node, found = read_yaml(text.encode(errors="replace"), "value")
    if node is None:
        raise WriteRefusedError(
            f"the value of {field} is no YAML: {found[0].message}",
            f"{found[0].help}; to take a field out, use --remove {field}",
        )
    return node


def overlays_of(flag: Node, path: Path) -> Sequence[str]:
    """Return the environments that state a field for themselves, so that a base's is not theirs."""
    depth = 2 if path[:1] == ("rules",) and len(path) > 2 else 0
    overlays = find(flag, (*path[:depth], "environments"))
    if "environments" in path or not isinstance(overlays, dict) or not path[depth:]:
        return []
    named = [name for name, each in overlays.items() if path[depth] in each]
    whole = find(flag, ("environments",)) if depth else None
    if isinstance(whole, dict):
        named += [name for name, each in whole.items() if "rules" in each]
    return named


def steps_of(flag: Node, path: Path) -> Sequence[str]:
    """Return the instants at which a schedule sets the same field, whatever stands at `path`."""
    depth = 0
    while len(path) > depth + 2 and path[depth] in ("rules", "environments"):
        depth += 2  # into a rule, an environment, or both
    steps = find(flag, (*path[:depth], "schedule"))
    return [
        str(each["at"])
        for each in (steps if isinstance(steps, list) else [])
        if isinstance(each, dict) and path[depth] in each.get("set", {}) and "at" in each
    ]


def _given(flag: Node, path: Path) -> list[Edit]:
    """Return what has to be written out before a part of it can be set."""
    if path[0] == "variants" and len(path) > 1 and find(flag, ("variants",)) is None:
        return [Set(("variants",), {"on": {"value": True}, "off": {"value": False}})]
    first = in_environment(flag, path)
    return [] if first is None else [Set(*first)]
