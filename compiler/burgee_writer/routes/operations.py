"""Every call that writes: its method and path, and the change that it makes.

One table for the routes, for `POST /v1/changes` and for the OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from burgee_compiler.writes import lock_of
from burgee_http.errors import ApiError
from burgee_writer.changes import definitions, people, rules, states
from burgee_writer.changes.definitions import Folder
from burgee_writer.changes.working import Change
from burgee_writer.routes.bodies import Query, shaped
from burgee_writer.routes.shapes import OverrideBody, StateBody
from burgee_writer.writing.request import Entity

__all__ = ["OPERATIONS", "Asked", "Operation", "Planned", "find_operation"]


class Planned(Struct, frozen=True):
    """What a call is to do, and to what."""

    change: Change
    entity: Entity


class Asked(Struct, frozen=True):
    """A call by its parts."""

    tenant: str
    params: Mapping[str, str]
    query: Query
    body: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The key in the path."""
        return self.params["key"]


Build: TypeAlias = Callable[[Asked], Planned]
_REPLACE: Final = "replace_rules"


class Operation(Struct, frozen=True, kw_only=True):
    """One kind of call."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    path: str
    build: Build
    summary: str
    takes: tuple[str, ...] = ()
    """Its parameters beside those of every write."""
    body: bool = True
    """Whether it takes a body."""
    gone: bool = False
    """Whether the resource is gone then: 204."""


def _upsert(folder: Folder) -> Build:
    def build(asked: Asked) -> Planned:
        fields = dict(asked.body)
        key = fields.pop("key", None)
        if not isinstance(key, str):
            raise ApiError(422, "invalid_request", "`key` is needed, such as checkout.one-page.")
        change = definitions.upsert(folder, key, fields, replace_rules=asked.query.truth(_REPLACE))
        return Planned(change, _entity(folder, asked.tenant, key))

    return build


def _whole(folder: Folder, make: Callable[..., Change]) -> Build:
    def build(asked: Asked) -> Planned:
        change = make(folder, asked.key, _fields(asked), replace_rules=asked.query.truth(_REPLACE))
        return Planned(change, _entity(folder, asked.tenant, asked.key))

    return build


def _delete(folder: Folder) -> Build:
    def build(asked: Asked) -> Planned:
        entity = _entity(folder, asked.tenant, asked.key)
        return Planned(definitions.delete(folder, asked.key), entity)

    return build


def _state(asked: Asked) -> Planned:
    body = shaped(asked.body, StateBody)
    if not body.environments:
        raise ApiError(422, "invalid_request", 'Name environments, or "*" for all.')
    named = None if body.environments == "*" else body.environments
    return _of_flag(asked, states.set_state(asked.key, body.state, named))


def _pin(asked: Asked) -> Planned:
    body = shaped(asked.body, OverrideBody)
    change = people.pin(
        asked.key,
        asked.params["user"],
        body.serve,
        reason=body.reason,
        expires=body.expires,
        environment=body.environment,
    )
    return _of_flag(asked, change)


def _unpin(asked: Asked) -> Planned:
    where = asked.query.text("environment")
    return _of_flag(asked, people.drop_override(asked.key, asked.params["user"], environment=where))


def _rule(asked: Asked) -> Planned:
    before, after = asked.query.text("before"), asked.query.text("after")
    return _of_flag(asked, rules.add_rule(asked.key, asked.body, before=before, after=after))


def _experiment(make: Callable[[str, str, Mapping[str, Any]], Change]) -> Build:
    def build(asked: Asked) -> Planned:
        return _of_flag(asked, make(asked.key, asked.params["rule"], asked.body))

    return build


def _member(make: Callable[..., Change]) -> Build:
    def build(asked: Asked) -> Planned:
        where = asked.query.text("environment")
        change = make(asked.key, asked.params["user"], environment=where)
        return Planned(change, _entity("segments", asked.tenant, asked.key))

    return build


def _of_flag(asked: Asked, change: Change) -> Planned:
    return Planned(change, _entity("flags", asked.tenant, asked.key))


def _entity(folder: Folder, tenant: str, key: str) -> Entity:
    path = f"{tenant}/{folder}/{key.replace('.', '/')}.yaml"
    paths = (path, lock_of(path)) if folder == "flags" else (path,)
    return Entity(f"{folder.removesuffix('s')}/{key}", paths)


def _fields(asked: Asked) -> dict[str, Any]:
    """Return the body without the key, which may be sent back as it was given."""
    fields = dict(asked.body)
    if fields.pop("key", asked.key) != asked.key:
        raise ApiError(422, "invalid_request", "The key in the body is not that of the path.")
    return fields


def _of(folder: Folder, name: str) -> tuple[Operation, ...]:
    one = f"/v1/{folder}/{{key}}"
    return (
        Operation(
            method="POST",
            path=f"/v1/{folder}",
            build=_upsert(folder),
            summary=f"Create a {name}, or set the fields that are named.",
            takes=(_REPLACE,),
        ),
        Operation(
            method="PUT",
            path=one,
            build=_whole(folder, definitions.replace),
            summary=f"Make a {name} have these fields and no others.",
            takes=(_REPLACE,),
        ),
        Operation(
            method="PATCH",
            path=one,
            build=_whole(folder, definitions.patch),
            summary="Replace whole fields; null removes one.",
            takes=(_REPLACE,),
        ),
        Operation(
            method="DELETE",
            path=one,
            build=_delete(folder),
            summary=f"Delete a {name}.",
            body=False,
            gone=True,
        ),
    )


_USER: Final = "/v1/flags/{key}/overrides/{user:path}"
_MEMBER: Final = "/v1/segments/{key}/members/{user:path}"
_RULE: Final = "/v1/flags/{key}/experiments/{rule}"

OPERATIONS: Final[tuple[Operation, ...]] = (
    *_of("flags", "flag"),
    *_of("segments", "segment"),
    Operation(
        method="PUT",
        path="/v1/flags/{key}/state",
        build=_state,
        summary="Pull the switch, so that it is as asked from now on.",
    ),
    Operation(method="PUT", path=_USER, build=_pin, summary="Pin a user to a variant."),
    Operation(
        method="DELETE",
        path=_USER,
        build=_unpin,
        summary="Let go of a pinned user.",
        takes=("environment",),
        body=False,
        gone=True,
    ),
    Operation(
        method="POST",
        path="/v1/flags/{key}/rules",
        build=_rule,
        summary="Add a rule.",
        takes=("before", "after"),
    ),
    Operation(
        method="PUT",
        path=_RULE,
        build=_experiment(rules.put_experiment),
        summary="Make a rule an experiment.",
    ),
    Operation(
        method="PATCH",
        path=_RULE,
        build=_experiment(rules.change_experiment),
        summary="Start, pause, conclude or change an experiment.",
    ),
    Operation(
        method="PUT",
        path=_MEMBER,
        build=_member(people.put_member),
        summary="Put a user into a segment.",
        takes=("environment",),
        body=False,
    ),
    Operation(
        method="DELETE",
        path=_MEMBER,
        build=_member(people.drop_member),
        summary="Take a user out of a segment.",
        takes=("environment",),
        body=False,
        gone=True,
    ),
)


def _pattern(path: str) -> re.Pattern[str]:
    made = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", path)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", made))


_PATTERNS: Final = tuple((_pattern(each.path), each) for each in OPERATIONS)


def find_operation(method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
    """Return the operation of a method and a path, and the parameters in the path."""
    for pattern, operation in _PATTERNS:
        match = pattern.fullmatch(path)
        if match is not None and operation.method == method:
            return operation, match.groupdict()
    return None
