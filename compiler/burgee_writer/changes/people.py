"""Pinning users to variants, and putting them into segments, one call a user."""

from __future__ import annotations

from functools import partial
from typing import Final

from burgee_compiler.edit.tree import find
from burgee_compiler.source import Node
from burgee_compiler.writes.members import add_members, remove_members
from burgee_compiler.writes.overrides import remove_override, set_override
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.working import Change, Did, Working

__all__ = ["drop_member", "drop_override", "pin", "put_member"]

_MOST: Final = 10_000


def pin(
    key: str,
    user: str,
    serve: str,
    *,
    reason: str | None = None,
    expires: str | None = None,
    environment: str | None = None,
) -> Change:
    """Pin a user to a variant; the user's first override is replaced."""
    return partial(_pin, key, user, serve, reason, expires, environment)


def drop_override(key: str, user: str, *, environment: str | None = None) -> Change:
    """Take out every override of a user; refused where there is none."""
    return partial(_drop_override, key, user, environment)


def put_member(segment: str, user: str, *, environment: str | None = None) -> Change:
    """Put a user into a segment; nothing changes for one who is in it."""
    return partial(_put_member, segment, user, environment)


def drop_member(segment: str, user: str, *, environment: str | None = None) -> Change:
    """Take a user out of a segment's members; refused where the user is none."""
    return partial(_drop_member, segment, user, environment)


def _pin(
    key: str,
    user: str,
    serve: str,
    reason: str | None,
    expires: str | None,
    environment: str | None,
    working: Working,
) -> Did:
    path = working.existing("flags", key)
    where = _where(working, environment)
    set_override(
        working.writing,
        path,
        user,
        serve,
        reason=reason,
        expires=expires,
        environment=where,
    )
    return _of_flag("flag.override", f"pin a user of {key} to {serve}", key, where)


def _drop_override(key: str, user: str, environment: str | None, working: Working) -> Did:
    path = working.existing("flags", key)
    where = _where(working, environment)
    listed = find(working.node("flags", key), (*_place(where), "overrides"))
    if not isinstance(listed, list) or not any(_is_of(each, user) for each in listed):
        raise ChangeRefused("not_found", f"no override of {key} pins that user", "nothing to do")
    remove_override(working.writing, path, user, environment=where)
    return _of_flag("flag.override.delete", f"let go of a pinned user of {key}", key, where)


def _put_member(segment: str, user: str, environment: str | None, working: Working) -> Did:
    path = working.existing("segments", segment)
    where = _where(working, environment)
    _bound(working, segment)
    add_members(working.writing, path, [user], where)
    return _of_segment("segment.member", f"add a member to {segment}", segment, where)


def _drop_member(segment: str, user: str, environment: str | None, working: Working) -> Did:
    path = working.existing("segments", segment)
    where = _where(working, environment)
    _bound(working, segment)
    if not remove_members(working.writing, path, [user], where):
        raise ChangeRefused("not_found", f"that user is no member of {segment}", "nothing to do")
    return _of_segment("segment.member.delete", f"take a member out of {segment}", segment, where)


def _bound(working: Working, segment: str) -> None:
    """A long list is a file of its own, which a call for each id would rewrite each time."""
    node = working.node("segments", segment)
    listed = find(node, ("members",))
    count = len(listed) if isinstance(listed, list) else 0
    name = find(node, ("members_file",))
    if isinstance(name, str):
        folder = working.path("segments", segment).rpartition("/")[0]
        data = working.writing.read(f"{folder}/{name}") or b""
        count = max(count, data.count(b"\n") + 1)
    if count > _MOST:
        raise ChangeRefused(
            "list_too_long",
            f"{segment} has {count:,} ids, and lists of over {_MOST:,} change by pull request",
            "edit the list's file in a pull request",
        )


def _where(working: Working, environment: str | None) -> str | None:
    return None if environment is None else working.environment(environment)


def _place(environment: str | None) -> tuple[str, ...]:
    return () if environment is None else ("environments", environment)


def _is_of(override: Node, user: str) -> bool:
    return isinstance(override, dict) and str(override.get("user")) == user


def _of_flag(action: str, subject: str, key: str, environment: str | None) -> Did:
    where = () if environment is None else (environment,)
    return Did(subject=subject, action=action, entity=f"flag/{key}", environments=where)


def _of_segment(action: str, subject: str, name: str, environment: str | None) -> Did:
    where = () if environment is None else (environment,)
    return Did(subject=subject, action=action, entity=f"segment/{name}", environments=where)
