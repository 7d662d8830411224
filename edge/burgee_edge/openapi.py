"""This node's OpenAPI document: bodies come from the types that are read and written."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from burgee_edge.answers import Failure, NativeAnswer, Success, UserAnswer
from burgee_edge.bodies import EvaluateAllBody, EvaluateBody, PreviewBody
from burgee_edge.evaluate import AllAnswer
from burgee_edge.events import ChangeEvent, RefetchEvent
from burgee_edge.events_offer import EVENTS_PATH, Stream
from burgee_edge.ofrep import BulkAnswer
from burgee_edge.openapi_shapes import (
    MANIFEST_HEADERS,
    PARAMETERS,
    PLAIN_SCHEMAS,
    SECURITY,
    TAGGED_HEADERS,
    VERSION_HEADERS,
)
from burgee_edge.preview import PreviewAnswer
from burgee_edge.users import UserFlags

__all__ = ["openapi"]

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_TYPES: Final = (
    EvaluateBody,
    EvaluateAllBody,
    PreviewBody,
    NativeAnswer,
    AllAnswer,
    PreviewAnswer,
    UserAnswer,
    UserFlags,
    Success,
    Failure,
    BulkAnswer,
    Stream,
    ChangeEvent,
    RefetchEvent,
)
_ERRORS: Final = {
    400: "The JSON, the query or the tenant is malformed, or the tenant is missing.",
    401: "There is no token, or it is not valid.",
    403: "The token is not for this tenant, environment or path.",
    404: "There is no such thing, or not for this caller.",
    405: "This path does not take this method.",
    408: "The request took too long to arrive.",
    413: "The body is too large.",
    422: "The body is JSON of another shape.",
    429: "More requests than this client may send.",
    431: "The head of the request is too large.",
    500: "A fault of this node; it has been logged.",
    503: "This node has no flags yet, holds no more streams, or is about to stop.",
}
_ALWAYS: Final = (400, 405, 408, 413, 431, 500)
_GUARDED: Final = (*_ALWAYS, 401, 403, 429, 503)


@cache
def openapi() -> Json:
    """Return the document."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Burgee edge node",
            "version": version("burgee"),
            "description": "Evaluates feature flags. Read only; one environment, many tenants.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            **_ofrep_paths(),
            **_native_paths(),
            **_set_paths(),
            **_event_paths(),
            **_plain_paths(),
        },
        "components": {
            "schemas": {**schemas, **PLAIN_SCHEMAS},
            "parameters": PARAMETERS,
            "securitySchemes": SECURITY,
        },
    }


def _operation(
    name: str,
    summary: str,
    good: Mapping[str, Json],
    errors: Sequence[int],
    *,
    error: str = "Error",
    parameters: Sequence[str] = (),
    body: Json | None = None,
    public: bool = False,
) -> Json:
    shown = [{"$ref": f"#/components/parameters/{each}"} for each in parameters]
    responses = {str(status): _error(status, error) for status in sorted(errors)}
    found: Json = {
        "operationId": name,
        "summary": summary,
        "security": [] if public else [{"bearer": []}, {"key": []}],
        "parameters": shown,
        "responses": {**good, **responses},
    }
    if body is not None:
        found["requestBody"] = body
    return found


def _ref(name: str) -> Json:
    return {"$ref": _REF.format(name=name)}


def _answer(name: str, description: str, headers: Json = VERSION_HEADERS) -> Json:
    content = {"application/json": {"schema": _ref(name)}}
    return {"description": description, "headers": headers, "content": content}


def _error(status: int, name: str) -> Json:
    found = _answer(name, _ERRORS[status], {})
    if status in (429, 503):
        seconds = {"schema": {"type": "string", "pattern": "^[1-9][0-9]*$"}}
        found["headers"] = {"Retry-After": {"description": "Whole seconds.", **seconds}}
    if status == 401:
        found["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return found


def _body(name: str, *, required: bool = True) -> Json:
    return {"required": required, "content": {"application/json": {"schema": _ref(name)}}}


def _unchanged(headers: Json = TAGGED_HEADERS) -> Json:
    return {"description": "The caller has the present body.", "headers": headers}


def _ofrep_paths() -> Json:
    context = _body("OfrepRequest", required=False)
    one = _operation(
        "ofrepEvaluate",
        "OFREP: one flag",
        {"200": _answer("Success", "The value; none where the app's default is to stand.")},
        (*_GUARDED, 404),
        error="OfrepFlagError",
        parameters=("Tenant", "OfrepKey"),
        body=context,
    )
    bulk = _operation(
        "ofrepEvaluateAll",
        "OFREP: all flags that the caller may see",
        {
            "200": _answer("BulkAnswer", "Every flag, sorted by key.", TAGGED_HEADERS),
            "304": _unchanged(),
        },
        _GUARDED,
        error="OfrepError",
        parameters=("Tenant", "IfNoneMatch", "FlagConfigEtag", "FlagConfigLastModified"),
        body=context,
    )
    return {
        "/ofrep/v1/evaluate/flags/{key}": {"post": one},
        "/ofrep/v1/evaluate/flags": {"post": bulk},
    }


def _native_paths() -> Json:
    def post(name: str, summary: str, body: str, answer: str, *errors: int) -> Json:
        good = {"200": _answer(answer, "The answer.")}
        every = (*_GUARDED, 422, *errors)
        return {
            "post": _operation(name, summary, good, every, parameters=("Tenant",), body=_body(body))
        }

    def get(name: str, summary: str, answer: str, *path: str) -> Json:
        good = {"200": _answer(answer, "The answer.", TAGGED_HEADERS), "304": _unchanged()}
        named = ("Tenant", "UserId", *path, "IfNoneMatch", "Attributes")
        return {"get": _operation(name, summary, good, (*_GUARDED, 404), parameters=named)}

    return {
        "/v1/evaluate": post(
            "evaluate", "One flag for one user", "EvaluateBody", "NativeAnswer", 404
        ),
        "/v1/evaluate/all": post(
            "evaluateAll", "All flags for one user", "EvaluateAllBody", "AllAnswer"
        ),
        "/v1/evaluate/preview": post(
            "preview",
            "One flag for a hypothetical user at any time, and why; needs flags:r",
            "PreviewBody",
            "PreviewAnswer",
            404,
        ),
        "/v1/users/{id}/flags": get("userFlags", "All flags for one user", "UserFlags"),
        "/v1/users/{id}/flags/{key}": get(
            "userFlag", "One flag for one user", "UserAnswer", "FlagKey"
        ),
    }


def _set_paths() -> Json:
    def get(name: str, summary: str, good: Json, *parameters: str) -> Json:
        errors = (*_GUARDED, 404)
        named = ("Environment", *parameters)
        return {"get": _operation(name, summary, good, errors, parameters=named)}

    def manifest(name: str) -> Json:
        return {
            "200": _answer(name, "The manifest.", MANIFEST_HEADERS),
            "304": _unchanged(MANIFEST_HEADERS),
        }

    document = {
        "200": {
            "description": "The document, which never changes.",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "application/octet-stream": {},
            },
        }
    }
    signatures = {"200": _answer("Signatures", "The signatures."), "304": _unchanged()}
    root = "/v1/set/{environment}"
    return {
        f"{root}/{{name}}": get(
            "environmentSignatures",
            "The signatures of the environment's manifest; for tokens of all tenants",
            signatures,
            "SignaturesName",
            "IfNoneMatch",
        ),
        f"{root}/heartbeat.json": get(
            "environmentHeartbeat",
            "The publisher's newest sign of life; for tokens of all tenants",
            {"200": _answer("Heartbeat", "The heartbeat."), "304": _unchanged()},
            "IfNoneMatch",
        ),
        f"{root}/manifest.json": get(
            "environmentManifest",
            "The environment's manifest; for tokens of all tenants",
            manifest("Manifest"),
            "IfNoneMatch",
        ),
        f"{root}/{{tenant}}/manifest.json": get(
            "tenantManifest",
            "A tenant's present manifest",
            manifest("Manifest"),
            "TenantName",
            "IfNoneMatch",
        ),
        f"{root}/{{tenant}}/{{name}}": get(
            "document", "A document by its digest", document, "TenantName", "DocumentName"
        ),
    }


def _event_paths() -> Json:
    def stream(name: str) -> Json:
        described = f"Server-sent events, the data of each a {name}; comments keep it open."
        content = {"text/event-stream": {"schema": {"type": "string"}, "x-event-data": _ref(name)}}
        return {"200": {"description": described, "content": content}}

    changes = _operation(
        "events",
        "New versions that change the tenant's flags, and the keys that changed; needs flags:r",
        stream("ChangeEvent"),
        _GUARDED,
        parameters=("Tenant", "LastEventId"),
    )
    refetch = _operation(
        "ofrepEvents",
        "OFREP's event stream, at the address that a bulk answer offers",
        stream("RefetchEvent"),
        (*_ALWAYS, 403, 404, 503),
        error="OfrepError",
        parameters=("EventsTenant", "EventsFor", "EventsKey"),
        public=True,
    )
    return {"/v1/events": {"get": changes}, EVENTS_PATH: {"get": refetch}}


def _plain_paths() -> Json:
    def text(description: str) -> Json:
        return {
            "200": {
                "description": description,
                "content": {"text/plain": {"schema": {"type": "string"}}},
            }
        }

    def get(name: str, summary: str, good: Json, *errors: int, public: bool = True) -> Json:
        return {"get": _operation(name, summary, good, (*_ALWAYS, *errors), public=public)}

    return {
        "/healthz": get("health", "Whether the process answers", text("`ok`")),
        "/readyz": get("ready", "Whether there is a snapshot to serve", text("`ready`"), 503),
        "/metrics": get("metrics", "Metrics for Prometheus", text("Prometheus' text form.")),
        "/v1/status": get(
            "status",
            "What this node serves",
            {"200": _answer("Status", "The state of this node.", {})},
            401,
            403,
            429,
            public=False,
        ),
    }
