"""Parameters, headers and ways to say who calls, as the OpenAPI document has them."""

from __future__ import annotations

from typing import Final

from burgee_writer.history.records import ENTITIES
from burgee_writer.openapi_shapes import ID, KEY, NAME, PREFIX, TEXT, Json

__all__ = ["HEADERS", "PARAMETERS", "SECURITY"]

_NAME: Final = f"^{NAME}$"


def _header(description: str, schema: Json) -> Json:
    return {"description": description, "schema": schema}


def _parameter(where: str, name: str, description: str, schema: Json) -> Json:
    return {
        "in": where,
        "name": name,
        "description": description,
        "required": where == "path",
        "schema": schema,
    }


def _switch(name: str, description: str) -> Json:
    return _parameter("query", name, description, {"type": "boolean"})


HEADERS: Final[Json] = {
    "ETag": _header("Of the resource's files.", {**TEXT, "pattern": '^"[0-9a-f]{32}"$'}),
    "Burgee-Commit": _header("The commit: what was made, or what was read.", ID),
    "Burgee-Previous-Commit": _header("The commit that the write was made on.", ID),
    "Idempotency-Replayed": _header(
        "The same call was made before; this is what it came to.", {"enum": ["true"]}
    ),
    "Retry-After": _header("Whole seconds.", {**TEXT, "pattern": "^[1-9][0-9]*$"}),
    "WWW-Authenticate": _header("How to say who calls.", TEXT),
}

PARAMETERS: Final[Json] = {
    "Tenant": _parameter(
        "header",
        "X-Tenant-ID",
        "The tenant. A token of one tenant need not name it.",
        {**TEXT, "pattern": _NAME},
    ),
    "IdempotencyKey": _parameter(
        "header",
        "Idempotency-Key",
        "Makes the call safe to be sent again: what was done for it is not done twice. "
        "Good for 7 days.",
        {**TEXT, "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    ),
    "IfMatch": _parameter(
        "header", "If-Match", "ETags of which the resource has to have one, or *; else 412.", TEXT
    ),
    "IfNoneMatch": _parameter(
        "header", "If-None-Match", "*: only if there is no such resource yet; else 412.", TEXT
    )
    | {"schema": {"enum": ["*"]}},
    "Unless": _parameter("header", "If-None-Match", "ETags that the caller has; 304.", TEXT),
    "Reason": _parameter(
        "header", "Burgee-Reason", "Why, percent-encoded UTF-8; it stands in the commit.", TEXT
    ),
    "LastEventId": _parameter("header", "Last-Event-ID", "The last event that was taken in.", TEXT),
    "key": _parameter("path", "key", "The key.", KEY),
    "rule": _parameter("path", "rule", "The rule's name.", {**TEXT, "pattern": _NAME}),
    "user": _parameter(
        "path", "user", "The targeting key, percent-encoded.", {**TEXT, "minLength": 1}
    ),
    "id": _parameter("path", "id", "The delivery's id.", {**TEXT, "minLength": 1}),
    "dry_run": _switch("dry_run", "Write nothing; answer what the call would do."),
    "propose": _switch("propose", "Write to a branch of its own, for review: 202."),
    "create_tenant": _switch(
        "create_tenant", "Make the tenant, where a token for all tenants names a new one."
    ),
    "reason": _parameter("query", "reason", "Why; as Burgee-Reason.", TEXT),
    "replace_rules": _switch(
        "replace_rules", "Let rules, overrides, tests and variants be dropped."
    ),
    "environment": _parameter("query", "environment", "In this environment alone.", TEXT),
    "before": _parameter("query", "before", "Put it before this rule.", TEXT),
    "after": _parameter("query", "after", "Put it after this rule.", TEXT),
    "limit": _parameter(
        "query",
        "limit",
        "How many at most.",
        {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
    ),
    "page_token": _parameter("query", "page_token", "`next_page_token` of the page before.", TEXT),
    "state": _parameter(
        "query",
        "state",
        "on: on in some environment, or the one that is named; off: in none.",
        {"enum": ["on", "off"]},
    ),
    "tag": _parameter("query", "tag", "That have this tag.", TEXT),
    "kind": _parameter("query", "kind", "Of this kind, such as release.", TEXT),
    "owner": _parameter("query", "owner", "Of this owner.", TEXT),
    "q": _parameter("query", "q", "Text in key, name or description; case is ignored.", TEXT),
    "active": _switch("active", "Those that run; false: those that do not."),
    "rev": _parameter(
        "query",
        "rev",
        "A commit of the branch, 7 digits at least; left out: the newest.",
        PREFIX,
    ),
    "entity": _parameter("query", "entity", "Of this sort.", {"enum": list(ENTITIES)}),
    "entity_key": _parameter("query", "entity_key", "Of this key, also before a rename.", TEXT),
    "actor": _parameter("query", "actor", "By this author: name or address.", TEXT),
    "since": _parameter("query", "since", "At this instant or later.", TEXT),
    "until": _parameter("query", "until", "Before this instant.", TEXT),
    "cursor": _parameter("query", "cursor", "`cursor` of the page before.", TEXT),
    "limit_200": _parameter(
        "query",
        "limit",
        "How many at most.",
        {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    ),
    "delivery_state": _parameter(
        "query", "state", "Those in this state.", {"enum": ["pending", "delivered", "dead"]}
    ),
}

SECURITY: Final[Json] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A JWT, of `POST /v1/auth/token` or of your identity provider, or a "
        "client key.",
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
