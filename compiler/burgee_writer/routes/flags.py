"""Reading flags and segments: one, a page of them, and their files at any commit."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from burgee.instants import format_instant
from burgee_compiler.diagnostics import nearest
from burgee_compiler.model.flag import Flag
from burgee_compiler.model.types import type_of
from burgee_compiler.repository import SourceFile, TenantFiles
from burgee_compiler.writes import lock_of
from burgee_http.call import JSON, Call, Reply
from burgee_http.errors import ApiError
from burgee_http.json_text import encode_json
from burgee_http.tenancy import TENANT_HEADERS
from burgee_writer.changes.definitions import Folder
from burgee_writer.changes.states import StateIn, has_steps, states_of
from burgee_writer.routes.bodies import Query
from burgee_writer.routes.resources import name_of, resource
from burgee_writer.routes.writes import admit
from burgee_writer.service import Service
from burgee_writer.tips.tip import Tip, tree_of
from burgee_writer.writing.etags import etag_of
from burgee_writer.writing.request import Entity

__all__ = ["FlagSummary", "get_document", "get_one", "list_flags", "list_segments"]

_PAGE: Final = 50
_MOST: Final = 100
_YAML: Final = (b"content-type", b"application/yaml; charset=utf-8")
_SCOPE: Final = "flags:r"
_READS: Final = ("limit", "page_token", "state", "environment", "tag", "kind", "owner", "q")


class FlagSummary(Struct, frozen=True, kw_only=True):
    """A flag in a list."""

    key: str
    name: str | None
    description: str | None
    kind: str
    type: str
    owner: str | None
    tags: tuple[str, ...]
    client_side: bool
    expires: str | None
    states: dict[str, str]
    """The switch by environment, as it stands now."""
    experiments: dict[str, str]
    """Status by rule."""


def get_one(service: Service, folder: Folder, call: Call) -> Reply:
    """Return a definition, as it may be sent back, with how it stands now."""
    access = admit(service, call, _SCOPE)
    Query.of(call, ())
    tip, key = service.tip, call.params["key"]
    file = _file(tip, access.tenant, folder, key)
    entity = entity_of(folder, access.tenant, key)
    tag = etag_of(tip, entity)
    flag = file.flag if folder == "flags" else None
    steady = flag is None or not has_steps(flag)  # else the same file says another thing later
    if tag is not None and steady and _matches(call, tag):
        return Reply(304, b"", (*TENANT_HEADERS, (b"etag", tag.encode())))
    body: dict[str, Any] = {name_of(entity): resource(tip.files, entity)}
    if flag is not None:
        environments = service.environments(tip)
        body["environments"] = states_of(flag, environments, service.now)
    body |= {"file": file.path, "commit": tip.commit, "request_id": call.request_id}
    headers = () if tag is None else ((b"etag", tag.encode()),)
    return Reply(200, encode_json(body), (JSON, *TENANT_HEADERS, *headers))


def get_document(service: Service, folder: Folder, call: Call) -> Reply:
    """Return the file itself, at the tip or at a commit of the branch."""
    access = admit(service, call, _SCOPE)
    rev = Query.of(call, ("rev",)).text("rev")
    key = call.params["key"]
    path = entity_of(folder, access.tenant, key).paths[0]
    tip = service.tip
    tree: Any = tip.files
    if rev is not None:
        rev = service.writer.commit_of(rev)
        if rev is None:
            raise ApiError(404, "not_found", "The branch has no such commit.")
        branch = service.writer.branch
        tree = tree_of(branch.repository_path, rev, branch.inside)
    try:
        data: bytes = tree.read(path)
    except OSError:
        raise ApiError(404, "not_found", f"There is no {folder[:-1]} {key} there.") from None
    commit = (b"burgee-commit", str(rev or tip.commit).encode())
    nosniff = (b"x-content-type-options", b"nosniff")
    return Reply(200, data, (_YAML, nosniff, commit, *TENANT_HEADERS))


def list_flags(service: Service, call: Call) -> Reply:
    """Return a page of flags, by key, that all filters let through."""
    access = admit(service, call, _SCOPE)
    query = Query.of(call, _READS)
    tip = service.tip
    wanted = _Wanted(query, service.environments(tip))
    files = tip.repository.tenants.get(access.tenant)
    flags = {} if files is None else files.flags
    found: list[FlagSummary] = []
    limit = query.number("limit", _PAGE, _MOST)
    for key in _from(flags, _after(query)):
        flag = service.definitions.flag(tip, flags[key])
        if flag is not None and wanted.has(summary := _summary(key, flag, wanted, service.now)):
            found.append(summary)
            if len(found) > limit:
                break
    return _page("flags", found, limit, tip, call)


def list_segments(service: Service, call: Call) -> Reply:
    """Return a page of segments, by name."""
    access = admit(service, call, _SCOPE)
    query = Query.of(call, ("limit", "page_token", "q"))
    tip = service.tip
    files = tip.repository.tenants.get(access.tenant)
    segments = {} if files is None else files.segments
    limit = query.number("limit", _PAGE, _MOST)
    text = (query.text("q") or "").lower()
    found: list[dict[str, Any]] = []
    for name in _from(segments, _after(query)):
        segment = segments[name].segment
        about = None if segment is None else segment.description
        if segment is not None and text in f"{name} {about or ''}".lower():
            members = len(segment.members)
            found.append({"key": name, "description": about, "member_count": members})
            if len(found) > limit:
                break
    return _page("segments", found, limit, tip, call)


def entity_of(folder: Folder, tenant: str, key: str) -> Entity:
    """Return a resource by its files."""
    path = f"{tenant}/{folder}/{key.replace('.', '/')}.yaml"
    paths = (path, lock_of(path)) if folder == "flags" else (path,)
    return Entity(f"{folder.removesuffix('s')}/{key}", paths)


class _Wanted:
    """The filters of a list, all of which have to hold."""

    def __init__(self, query: Query, environments: Sequence[str]) -> None:
        self.environments = environments
        named = query.text("environment")
        if named is not None and named not in environments:
            raise ApiError(400, "invalid_parameter", f"There is no environment {named}.")
        self._where = environments if named is None else (named,)
        self._state = query.text("state")
        if self._state not in (None, "on", "off"):
            raise ApiError(400, "invalid_parameter", "state is on or off.")
        self._same = {name: query.text(name) for name in ("kind", "owner")}
        self._tag = query.text("tag")
        self._text = (query.text("q") or "").lower()

    def has(self, flag: FlagSummary) -> bool:
        """Return whether a flag is wanted: on is on somewhere, off is off everywhere."""
        states = {flag.states[each] for each in self._where}
        if self._state is not None and ("on" in states) != (self._state == "on"):
            return False
        if self._tag is not None and self._tag not in flag.tags:
            return False
        if any(each not in (None, getattr(flag, name)) for name, each in self._same.items()):
            return False
        return self._text in f"{flag.key} {flag.name or ''} {flag.description or ''}".lower()


def _summary(key: str, flag: Flag, wanted: _Wanted, now: int) -> FlagSummary:
    states: list[StateIn] = states_of(flag, wanted.environments, now)
    return FlagSummary(
        key=key,
        name=flag.name,
        description=flag.description,
        kind=flag.kind,
        type=type_of(flag),
        owner=flag.owner,
        tags=flag.tags,
        client_side=flag.client_side,
        expires=None if flag.expires is None else format_instant(flag.expires),
        states={each.environment: each.state for each in states},
        experiments={
            rule.name: rule.experiment.status for rule in flag.rules if rule.experiment is not None
        },
    )


def _file(tip: Tip, tenant: str, folder: Folder, key: str) -> SourceFile:
    files: TenantFiles | None = tip.repository.tenants.get(tenant)
    found: SourceFile | None = None if files is None else getattr(files, folder).get(key)
    if found is None:
        near = nearest(key, [] if files is None else getattr(files, folder))
        hint = f"did you mean {near}?" if near else f"list them with GET /v1/{folder}"
        raise ApiError(404, "not_found", f"There is no {folder[:-1]} {key}.", {"help": hint})
    return found


def _matches(call: Call, tag: str) -> bool:
    known = call.headers.get(b"if-none-match", b"").decode("latin-1")
    return tag in {each.strip().removeprefix("W/") for each in known.split(",")} or known == "*"


def _from(names: Iterable[str], after: str) -> Iterator[str]:
    return (name for name in sorted(names) if name > after)


def _after(query: Query) -> str:
    token = query.text("page_token")
    if token is None:
        return ""
    try:
        key = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("utf-8")
    except ValueError:
        key = ""
    if _token_after(key) != token:  # base64 passes over what is none
        raise ApiError(400, "invalid_parameter", "page_token is none that was given.")
    return key


def _token_after(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _page(name: str, found: list[Any], limit: int, tip: Tip, call: Call) -> Reply:
    shown = found[:limit]
    token = None
    if len(found) > limit:
        last = shown[-1]
        token = _token_after(last["key"] if isinstance(last, dict) else last.key)
    body = {
        name: shown,
        "next_page_token": token,
        "commit": tip.commit,
        "request_id": call.request_id,
    }
    return Reply(200, encode_json(body), (JSON, *TENANT_HEADERS))
