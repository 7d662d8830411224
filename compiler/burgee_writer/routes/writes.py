"""Calls that write: from a request to a write, and from what came of it to an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from burgee_compiler.diagnostics import nearest
from burgee_http.call import JSON, Call, Reply
from burgee_http.errors import ApiError
from burgee_http.json_text import encode_json
from burgee_http.tenancy import TENANT_HEADERS, Access
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.several import several
from burgee_writer.changes.undo import Undone, undo
from burgee_writer.changes.working import Change
from burgee_writer.git.branch import Unreachable
from burgee_writer.routes.bodies import Query, fields_of, shaped
from burgee_writer.routes.operations import Asked, Operation, Planned, find_operation
from burgee_writer.routes.resources import name_of, resource
from burgee_writer.routes.shapes import ChangesBody, UndoBody
from burgee_writer.routes.statuses import as_api_error
from burgee_writer.service import Service
from burgee_writer.tips.tip import tree_of
from burgee_writer.writing.etags import etag_of
from burgee_writer.writing.refusals import WriteRefused
from burgee_writer.writing.refusing import told
from burgee_writer.writing.request import Entity, Expected, Key, WriteRequest, Written
from burgee_writer.writing.summary import in_words

__all__ = ["EVERY_WRITE", "admit", "change_several", "undo_commit", "write"]

EVERY_WRITE: Final = ("dry_run", "propose", "reason", "create_tenant")
_LONGEST_KEY: Final = 255
_MOST_CHANGES: Final = 100
_HASH: Final = re.compile(r"[0-9a-f]{7,40}")


def admit(service: Service, call: Call, scope: str) -> Access:
    """Return who calls for which tenant; a token of one tenant need not name it."""
    access = service.gate.admit(call.headers, scope, implied=True)
    call.tenant, call.subject = access.tenant, access.principal.subject
    return access


def write(service: Service, operation: Operation, call: Call) -> Reply:
    """Make one of the operations."""
    access = admit(service, call, "flags:rw")
    query = Query.of(call, (*operation.takes, *EVERY_WRITE))
    body = fields_of(call.body) if operation.body else {}
    planned = operation.build(Asked(access.tenant, call.params, query, body))
    written = _made(service, call, access, query, planned.change, planned.entity)
    created = not written.existed and not operation.gone
    gone = operation.gone and not query.truth("dry_run") and written.branch is None
    return _answer(service, call, query, written, planned.entity, created=created, gone=gone)


def change_several(service: Service, call: Call) -> Reply:
    """Make several of the operations in one commit."""
    access = admit(service, call, "flags:rw")
    query = Query.of(call, EVERY_WRITE)
    body = shaped(fields_of(call.body), ChangesBody)
    if not 1 <= len(body.changes) <= _MOST_CHANGES:
        raise ApiError(422, "invalid_request", f"Send 1 to {_MOST_CHANGES} changes.")
    planned = [
        _one(access.tenant, number, each.method, each.path, each.body)
        for number, each in enumerate(body.changes)
    ]
    change = several([each.change for each in planned])
    written = _made(service, call, access, query, change, None, body.reason)
    return _answer(service, call, query, written, None)


def undo_commit(service: Service, call: Call) -> Reply:
    """Take back what a commit did."""
    access = admit(service, call, "flags:rw")
    query = Query.of(call, EVERY_WRITE)
    body = shaped(fields_of(call.body), UndoBody)
    commit = _commit(service, body.commit)
    branch = service.writer.branch
    try:
        undone = Undone(branch.repository_path, branch.inside, commit)
    except ChangeRefused as error:
        raise as_api_error(error) from error
    written = _made(service, call, access, query, undo(undone, body.entity), None)
    return _answer(service, call, query, written, None)


def _commit(service: Service, text: str) -> str:
    if not _HASH.fullmatch(text):
        raise ApiError(422, "invalid_request", "A commit is named by 7 to 40 hex digits.")
    found = service.writer.commit_of(text)
    if found is None:
        raise ApiError(404, "not_found", "The branch has no such commit.")
    return found


def _one(tenant: str, number: int, method: str, path: str, body: Mapping[str, Any]) -> Planned:
    bare, _, text = path.partition("?")
    found = find_operation(method, bare)
    if found is None:
        raise ApiError(
            422, "invalid_request", f"changes[{number}]: {method} {bare} is no call that writes."
        )
    operation, params = found
    decoded = {name: _decoded(each, number) for name, each in params.items()}
    try:
        query = Query.read(parse_qsl(text, keep_blank_values=True), operation.takes)
        return operation.build(Asked(tenant, decoded, query, body))
    except ApiError as error:
        raise ApiError(
            error.status, error.code, f"changes[{number}]: {error.message}", error.details
        ) from error


def _decoded(text: str, number: int) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError(400, "malformed_path", f"changes[{number}]: no valid UTF-8.") from None


def _made(
    service: Service,
    call: Call,
    access: Access,
    query: Query,
    change: Change,
    entity: Entity | None,
    reason: str | None = None,
) -> Written:
    _require_tenant(service, access, query)
    request = WriteRequest(
        tenant=access.tenant,
        subject=access.principal.subject,
        change=change,
        request_id=call.request_id,
        environments=access.principal.environments,
        entity=entity,
        expected=_expected(call, entity),
        key=_key(call, access),
        reason=_reason(call, query) or reason,
        dry_run=query.truth("dry_run"),
        propose=query.truth("propose"),
    )
    try:
        return service.writer.write(request)
    except ChangeRefused as error:
        raise as_api_error(error) from error
    except WriteRefused as error:
        if error.code == "precondition_failed" and entity is not None:
            error.details["current"] = resource(service.tip.files, entity)
        raise as_api_error(error) from error
    except Unreachable as error:
        raise as_api_error(WriteRefused("unreachable", str(error))) from error


def _expected(call: Call, entity: Entity | None) -> Expected:
    none, match = call.headers.get(b"if-none-match"), call.headers.get(b"if-match")
    if none is not None and none.strip() != b"*":
        raise ApiError(400, "invalid_header", "If-None-Match takes * alone on a call that writes.")
    if entity is None and (none is not None or match is not None):
        message = "If-Match and If-None-Match are for calls that write one resource."
        raise ApiError(400, "invalid_header", message)
    text = "" if match is None else match.decode("latin-1")
    tags = tuple(each.strip() for each in text.split(",") if each.strip())
    if match is not None and not tags:
        raise ApiError(400, "invalid_header", "If-Match takes ETags, or * for any.")
    return Expected(tags, none is not None)


def _key(call: Call, access: Access) -> Key | None:
    given = call.headers.get(b"idempotency-key")
    if given is None:
        return None
    text = given.decode("latin-1").strip()
    if not 1 <= len(text) <= _LONGEST_KEY or not text.isprintable() or not text.isascii():
        raise ApiError(
            400, "invalid_header", "Idempotency-Key is 1 to 255 printable ASCII characters."
        )
    asked = [
        call.method,
        call.path,
        call.query_string.decode("latin-1"),
        sha256(call.body).hexdigest(),
        call.headers.get(b"if-match", b"").decode("latin-1"),
    ]
    return Key(_hash([access.tenant, access.principal.subject, text]), _hash(asked))


def _hash(parts: list[str]) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()


def _require_tenant(service: Service, access: Access, query: Query) -> None:
    """Refuse a tenant that is not there yet to those who may write to any: it may be a typo."""
    known = service.tip.repository.tenants
    if access.tenant in known or access.tenant in access.principal.tenants:
        return
    if not query.truth("create_tenant"):
        near = nearest(access.tenant, known)
        hint = f"did you mean {near}? " if near else ""
        raise ApiError(
            404,
            "tenant_unknown",
            f"There is no tenant {access.tenant}.",
            {"help": f"{hint}to make it, say create_tenant=true"},
        )


def _reason(call: Call, query: Query) -> str | None:
    given = call.headers.get(b"burgee-reason")
    if given is None:
        return query.text("reason")
    try:
        return unquote_to_bytes(given).decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError(400, "invalid_header", "Burgee-Reason is percent-encoded UTF-8.") from None


def _answer(
    service: Service,
    call: Call,
    query: Query,
    written: Written,
    entity: Entity | None,
    *,
    created: bool = False,
    gone: bool = False,
) -> Reply:
    dry = query.truth("dry_run")
    headers = [*TENANT_HEADERS, *_commits(written)]
    if written.replayed:
        headers.append((b"idempotency-replayed", b"true"))
    if gone and (written.commit is not None):
        return Reply(204, b"", headers)
    body: dict[str, Any] = {}
    if entity is not None:
        tree = written.tip.files
        body[name_of(entity)] = resource(
            _files_at(service, written) if written.replayed else tree, entity
        )
        tag = None if dry or written.branch else etag_of(written.tip, entity)
        if tag is not None and not written.replayed:
            headers.append((b"etag", tag.encode()))
    body |= {
        "changed": written.changed and not dry and written.branch is None,
        "commit": written.commit,
        "previous_commit": written.previous,
        "passed_over": written.passed_over,
        "summary": () if written.plan is None else in_words(written.plan),
        "plan": written.plan,
        **told(written.tip, [each for each in written.findings if _shown(each.where.file, call)]),
        **({} if written.did is None else written.did.detail),
        "request_id": call.request_id,
    }
    status = 201 if created and not dry else 200
    if written.branch is not None:
        status = 202
        body |= {"branch": written.branch, "compare_url": service.compare_url(written.branch)}
    if dry:
        body |= {"dry_run": True, "would_change": written.changed}
    if status == 201 and entity is not None:
        headers.append((b"location", _location(entity)))
    return Reply(status, encode_json(body), (JSON, *headers))


def _location(entity: Entity) -> bytes:
    sort, _, key = entity.name.partition("/")
    return f"/v1/{sort}s/{quote(key)}".encode("ascii")


def _commits(written: Written) -> list[tuple[bytes, bytes]]:
    pairs = [(b"burgee-previous-commit", written.previous.encode())]
    if written.commit is not None:
        pairs.append((b"burgee-commit", written.commit.encode()))
    return pairs


def _files_at(service: Service, written: Written) -> Any:
    branch = service.writer.branch
    assert written.commit is not None
    return tree_of(branch.repository_path, written.commit, branch.inside)


def _shown(path: str, call: Call) -> bool:
    return path.startswith(f"{call.tenant}/")
