"""Pinning one user of a flag to a variant, and letting go of them."""

from __future__ import annotations

from burgee_compiler.edit import Edit, Insert, Path, Remove, Set, Value
from burgee_compiler.edit.tree import find
from burgee_compiler.source import Node
from burgee_compiler.writes.changes import Writing
from burgee_compiler.writes.paths import in_environment
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["remove_override", "set_override"]


def set_override(
    writing: Writing,
    file: str,
    user: str,
    variant: str,
    *,
    reason: str | None = None,
    expires: Node | None = None,
    environment: str | None = None,
) -> None:
    """Pin a user to a variant: the user's first override is replaced, else one comes last."""
    flag = writing.node(file)
    path = _path(environment)
    item: dict[str, Value] = {"user": user, "serve": variant}
    if reason is not None:
        item["reason"] = reason
    if expires is not None:
        item["expires"] = expires
    indexes = _of_user(flag, path, user)
    edit: Edit = Set((*path, indexes[0]), item) if indexes else Insert(path, (item,))
    writing.edit(file, [*_given(flag, path), edit])


def remove_override(
    writing: Writing, file: str, user: str, *, environment: str | None = None
) -> None:
    """Take out every override of a user."""
    flag = writing.node(file)
    path = _path(environment)
    indexes = _of_user(flag, path, user)
    if not indexes:
        raise WriteRefusedError(
            f"no override pins {user}", "`burgee show` lists the overrides of a flag"
        )
    writing.edit(
        file, [*_given(flag, path), *(Remove((*path, index)) for index in reversed(indexes))]
    )


def _path(environment: str | None) -> Path:
    return ("overrides",) if environment is None else ("environments", environment, "overrides")


def _of_user(flag: Node, path: Path, user: str) -> list[int]:
    listed = find(flag, path)
    if listed is None:
        listed = find(flag, ("overrides",))  # which an overlay is given first
    items = listed if isinstance(listed, list) else []
    return [
        index
        for index, each in enumerate(items)
        if isinstance(each, dict) and str(each.get("user")) == user
    ]


def _given(flag: Node, path: Path) -> list[Edit]:
    first = in_environment(flag, (*path, 0))
    return [] if first is None else [Set(*first)]
