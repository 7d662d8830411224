"""The writer's OpenAPI document: made from the table of operations, the types of bodies and the
schemas of the YAML files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from burgee_compiler.plan.report import Plan
from burgee_writer.changes.states import StateIn
from burgee_writer.openapi_definitions import definitions
from burgee_writer.openapi_operations import Described, answer, json_of, operation, refusals
from burgee_writer.openapi_parameters import HEADERS, PARAMETERS, SECURITY
from burgee_writer.openapi_shapes import ANSWERS, PREFIX, Json, ref
from burgee_writer.routes.events import Changed
from burgee_writer.routes.flags import FlagSummary
from burgee_writer.routes.operations import OPERATIONS, Operation
from burgee_writer.routes.shapes import ChangesBody, OverrideBody, StateBody, UndoBody
from burgee_writer.routes.writes import EVERY_WRITE
from burgee_writer.webhooks.ledger import Delivery

__all__ = ["openapi"]

_TYPES: Final = (
    Delivery,
    StateBody,
    OverrideBody,
    ChangesBody,
    UndoBody,
    FlagSummary,
    StateIn,
    Changed,
    Plan,
)
_ALWAYS: Final = (400, 405, 408, 413, 431, 500)
_MOST_CHANGES: Final = 100
_GUARDED: Final = (*_ALWAYS, 401, 403, 429, 503)
_WRITES: Final = (*_GUARDED, 404, 409, 412, 422)
_OF_A_WRITE: Final = ("Tenant", "IdempotencyKey", "Reason", *EVERY_WRITE)
_COMMITS: Final = ("Burgee-Commit", "Burgee-Previous-Commit", "Idempotency-Replayed")
_BODIES: Final = {
    "/v1/flags": "FlagUpsert",
    "/v1/flags/{key}": "FlagFields",
    "/v1/flags/{key}/state": "StateBody",
    "/v1/flags/{key}/overrides/{user}": "OverrideBody",
    "/v1/flags/{key}/rules": "Rule",
    "/v1/flags/{key}/experiments/{rule}": "ExperimentFields",
    "/v1/segments": "SegmentUpsert",
    "/v1/segments/{key}": "SegmentFields",
}


@cache
def openapi() -> Json:
    """Return the document."""
    paths: dict[str, Json] = {}
    for path, method, described in (*_writes(), *_reads(), *_others(), *_about()):
        paths.setdefault(path, {})[method] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Burgee writer",
            "version": version("burgee"),
            "description": "Makes each change of feature flags a signed commit.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**_types(), **definitions(), **ANSWERS},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": refusals(),
            "securitySchemes": SECURITY,
        },
    }


def _types() -> Json:
    """Return the schemas of types, with the bounds that the types do not say."""
    _, types = msgspec.json.schema_components(_TYPES, ref_template=ref("{name}")["$ref"])
    types["StateBody"]["properties"]["environments"]["anyOf"][0]["minItems"] = 1
    types["ChangesBody"]["properties"]["changes"] |= {"minItems": 1, "maxItems": _MOST_CHANGES}
    types["UndoBody"]["properties"]["commit"] = PREFIX
    return types


def _writes() -> Iterable[Described]:
    for each in OPERATIONS:
        yield each.path.replace(":path}", "}"), each.method.lower(), _write(each)
    several = (
        ("/v1/changes", "makeChanges", "Make several changes in one commit.", "ChangesBody"),
        ("/v1/undo", "undoCommit", "Take back what a commit did.", "UndoBody"),
    )
    answers = {"ChangesBody": "ChangesWritten", "UndoBody": "Undone"}
    for path, name, summary, body in several:
        good = _written(answers[body], tagged=False)
        made = operation(name, summary, good, _WRITES, parameters=_OF_A_WRITE, body=json_of(body))
        yield path, "post", made


def _write(made: Operation) -> Json:
    path = made.path.replace(":path}", "}")
    sort = "Flag" if path.startswith("/v1/flags") else "Segment"
    answer = "StateWritten" if path.endswith("/state") else f"{sort}Written"
    good = _written(answer, tagged=True)
    if made.method in ("POST", "PUT") and path.count("/") < 4:
        good[201] = {**good[200], "description": "It was created."}
    if made.gone:
        headers = {each: {"$ref": f"#/components/headers/{each}"} for each in _COMMITS}
        good[204] = {"description": "It is gone.", "headers": headers}
    return operation(
        _name_of(made.method, path),
        made.summary,
        good,
        _WRITES,
        parameters=(*_in_path(path), *_OF_A_WRITE, "IfMatch", "IfNoneMatch", *made.takes),
        body=json_of(_BODIES[path]) if made.body else None,
    )


def _written(name: str, *, tagged: bool) -> dict[int, Json]:
    done = "It is as asked: written, or so already. Of a dry run: what it would do."
    headers = ("ETag", *_COMMITS) if tagged else _COMMITS
    return {
        200: answer(name, done, headers),
        202: answer(name, "It was written to a branch, for review.", _COMMITS),
    }


def _in_path(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _name_of(method: str, path: str) -> str:
    """Return a name such as patchFlag or putFlagState."""
    _, _, folder, *rest = path.split("/")
    words = [folder.removesuffix("s"), *(each.removesuffix("s") for each in rest if each[0] != "{")]
    return method.lower() + "".join(each.capitalize() for each in words)


def _reads() -> Iterable[Described]:
    lists = {
        "flags": ("limit", "page_token", "state", "environment", "tag", "kind", "owner", "q"),
        "segments": ("limit", "page_token", "q"),
    }
    for folder, takes in lists.items():
        sort = folder.removesuffix("s").capitalize()
        one = f"/v1/{folder}/{{key}}"
        yield _get(
            f"/v1/{folder}", f"list{sort}s", f"A page of {folder}, by key.", f"{sort}Page", takes
        )
        path, method, made = _get(
            one,
            f"get{sort}",
            f"One {folder.removesuffix('s')}.",
            f"{sort}Read",
            ("key", "Unless"),
            (404,),
            ("ETag",),
        )
        made["responses"]["304"] = {"description": "The caller has the present one."}
        yield path, method, made
        yield _document(f"{one}/document", sort)
    yield _get(
        "/v1/experiments", "listExperiments", "All experiments.", "ExperimentList", ("active",)
    )
    yield _get(
        "/v1/flags/{key}/experiments/{rule}",
        "getFlagExperiment",
        "One experiment.",
        "ExperimentRead",
        ("key", "rule"),
        (404,),
        ("ETag",),
    )
    yield _get("/v1/stats", "stats", "Figures of the tenant's flags.", "Stats")


def _get(
    path: str,
    name: str,
    summary: str,
    body: str,
    takes: Sequence[str] = (),
    errors: Sequence[int] = (),
    headers: Sequence[str] = (),
) -> Described:
    good = {200: answer(body, "The answer.", headers)}
    made = operation(name, summary, good, (*_GUARDED, *errors), parameters=("Tenant", *takes))
    return path, "get", made


def _document(path: str, sort: str) -> Described:
    content: Json = {"application/yaml": {"schema": {}}}
    headers = {"Burgee-Commit": {"$ref": "#/components/headers/Burgee-Commit"}}
    good = {200: {"description": "The file.", "headers": headers, "content": content}}
    made = operation(
        f"get{sort}Document",
        "The file itself, comments and all, at any commit of the branch.",
        good,
        (*_GUARDED, 404),
        parameters=("Tenant", "key", "rev"),
    )
    return path, "get", made


def _others() -> Iterable[Described]:
    yield _get(
        "/v1/audit",
        "audit",
        "What changed: newest first, API writes and pull requests alike.",
        "AuditPage",
        ("entity", "entity_key", "actor", "since", "until", "environment", "limit_200", "cursor"),
    )
    yield _get(
        "/v1/webhooks/deliveries",
        "listDeliveries",
        "What webhooks were sent; needs admin.",
        "DeliveryPage",
        ("limit_200", "cursor", "delivery_state"),
    )
    again = operation(
        "redeliver",
        "Send a delivery once more; needs admin.",
        {202: answer("Redelivered", "It is sent soon.")},
        (*_GUARDED, 404),
        parameters=("Tenant", "id"),
    )
    yield "/v1/webhooks/deliveries/{id}/redeliver", "post", again
    stream: Json = {"schema": {"type": "string"}, "x-event-data": ref("Changed")}
    told = "Server-sent events, the data of each a Changed; comments keep it open."
    events = operation(
        "events",
        "Each step of the branch that changes the tenant; needs flags:r.",
        {200: {"description": told, "content": {"text/event-stream": stream}}},
        _GUARDED,
        parameters=("Tenant", "LastEventId"),
    )
    yield "/v1/events", "get", events


def _about() -> Iterable[Described]:
    form = {"application/x-www-form-urlencoded": {"schema": ref("TokenRequest")}}
    token = operation(
        "token",
        "A token for a client: OAuth 2.0, client credentials.",
        {200: answer("TokenAnswer", "The token.")},
        (*_ALWAYS, 401, 429, 503),
        body={**form, **json_of("TokenRequest")},
        public=True,
        error="TokenError",
    )
    yield "/v1/auth/token", "post", token
    keys = operation(
        "keys",
        "The public keys of tokens.",
        {200: answer("KeySet", "The keys.", ("ETag",))},
        _ALWAYS,
        parameters=("Unless",),
        public=True,
    )
    keys["responses"]["304"] = {"description": "The caller has the present ones."}
    yield "/.well-known/jwks.json", "get", keys
    yield _plain("/healthz", "health", "Whether the process answers.")
    yield _plain("/readyz", "ready", "Whether the branch can be read; 503 once it stops.", 503)
    yield _plain("/metrics", "metrics", "Metrics for Prometheus.")


def _plain(path: str, name: str, summary: str, *errors: int) -> Described:
    content = {"text/plain": {"schema": {"type": "string"}}}
    good: dict[int, Any] = {200: {"description": "The answer.", "content": content}}
    return path, "get", operation(name, summary, good, (*_ALWAYS, *errors), public=True)
