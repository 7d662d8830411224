"""Concluding an experiment: from then on its rule serves the winner to all it would admit."""

from __future__ import annotations

from burgee_compiler.edit import Path, Set
from burgee_compiler.edit.tree import find
from burgee_compiler.writes.changes import Writing
from burgee_compiler.writes.paths import field_path, in_environment
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["conclude"]


def conclude(
    writing: Writing, file: str, rule: str, winner: str, environment: str | None = None
) -> Path:
    """Write that an experiment is concluded, and who won; return the experiment's path."""
    flag = writing.node(file)
    path = field_path(flag, f'rules."{rule}".experiment', environment)
    given = in_environment(flag, (*path, "status"))
    if find(flag, path) is None and given is None:
        raise WriteRefusedError(f'the rule "{rule}" is no experiment', "name one that is")
    first = [] if given is None else [Set(*given)]
    ended = [Set((*path, "status"), "concluded"), Set((*path, "winner"), winner)]
    writing.edit(file, [*first, *ended])
    return path
