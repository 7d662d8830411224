"""Adding ids to a segment and taking them out, in its file or in the member list beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from burgee_compiler.edit import Edit, Insert, Path, Set
from burgee_compiler.edit.tree import find
from burgee_compiler.source import Node
from burgee_compiler.writes.changes import Writing
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["add_members", "remove_members"]

_BREAK: Final = re.compile(rb"\r\n|\n")


def add_members(
    writing: Writing, file: str, ids: Sequence[str], environment: str | None = None
) -> list[str]:
    """Add ids to a segment; return those that were not in it before."""
    segment, path = writing.node(file), _path(environment)
    listed, beside = _listed(segment, path), _beside(segment, file, environment)
    known = set(listed) | (set(_lines(writing, beside)) if beside is not None else set())
    new = [each for each in dict.fromkeys(ids) if each not in known]
    if not new:
        return []
    if beside is not None and not listed:
        _append(writing, beside, new)
    else:
        writing.edit(file, [*_given(segment, path), Insert((*path, "members"), tuple(new))])
    return new


def remove_members(
    writing: Writing, file: str, ids: Sequence[str], environment: str | None = None
) -> list[str]:
    """Take ids out of a segment; return those that were in it."""
    segment, path = writing.node(file), _path(environment)
    wanted = set(ids)
    listed, beside = _listed(segment, path), _beside(segment, file, environment)
    gone = wanted & set(listed)
    if gone:
        writing.edit(file, [*_given(segment, path), _left(listed, gone, path)])
    if beside is not None:
        gone |= wanted & set(_lines(writing, beside))
        _without(writing, beside, wanted)
    return [each for each in dict.fromkeys(ids) if each in gone]


def _left(listed: list[str], gone: set[str], path: Path) -> Edit:
    """Return the edit that leaves the others; a list of nobody stays, and its comment with it."""
    return Set((*path, "members"), [each for each in listed if each not in gone])


def _path(environment: str | None) -> Path:
    return () if environment is None else ("environments", environment)


def _listed(segment: Node, path: Path) -> list[str]:
    found = find(segment, (*path, "members"))
    if found is None and path:
        found = find(segment, ("members",))
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _beside(segment: Node, file: str, environment: str | None) -> str | None:
    """Return the path of the member list that holds in an environment, or in the base."""
    name = find(segment, (*_path(environment), "members_file"))
    if name is None and environment is not None and find(segment, ("members_file",)) is not None:
        raise WriteRefusedError(
            f"{environment} has the member list of every environment",
            "leave --environment out, or give it a members_file of its own first",
        )
    return None if not isinstance(name, str) else f"{file.rpartition('/')[0]}/{name}"


def _given(segment: Node, path: Path) -> list[Edit]:
    base = find(segment, ("members",))
    if not path or base is None or find(segment, (*path, "members")) is not None:
        return []
    return [Set((*path, "members"), base)]


def _lines(writing: Writing, path: str) -> list[str]:
    data = writing.read(path)
    if data is None:
        raise WriteRefusedError(f"there is no {path}", "add the file, or write `members:` instead")
    return data.decode(errors="replace").replace("\r", "").split("\n")


def _append(writing: Writing, path: str, ids: list[str]) -> None:
    if any("\n" in each or "\r" in each or not each for each in ids):
        raise WriteRefusedError("an id of a member list has one line", "write it without breaks")
    data = writing.read(path) or b""
    found = _BREAK.search(data)
    newline = b"\n" if found is None else found[0]
    start = b"" if not data or data.endswith(b"\n") else newline
    end = b"" if data and not data.endswith(b"\n") else newline
    writing.put(path, data + start + newline.join(each.encode() for each in ids) + end)


def _without(writing: Writing, path: str, ids: set[str]) -> None:
    lines = (writing.read(path) or b"").splitlines(keepends=True)
    kept = [each for each in lines if each.decode(errors="replace").strip("\r\n") not in ids]
    writing.put(path, b"".join(kept))
