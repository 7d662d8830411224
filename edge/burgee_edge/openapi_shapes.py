"""The parts of the OpenAPI document that no type of ours stands for."""

from typing import Any, Final

__all__ = [
    "MANIFEST_HEADERS",
    "PARAMETERS",
    "PLAIN_SCHEMAS",
    "SECURITY",
    "TAGGED_HEADERS",
    "VERSION_HEADERS",
]

Json = dict[str, Any]

_NAME: Final = "^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$"
_TEXT: Final[Json] = {"type": "string"}
_INSTANT: Final[Json] = {"type": ["string", "null"]}


def _header(description: str, pattern: str | None = None) -> Json:
    schema = _TEXT if pattern is None else {**_TEXT, "pattern": pattern}
    return {"description": description, "schema": schema}


def _parameter(where: str, name: str, description: str, **schema: Any) -> Json:
    return {
        "in": where,
        "name": name,
        "description": description,
        "required": where == "path",
        "schema": {**_TEXT, **schema},
    }


VERSION_HEADERS: Final[Json] = {"Burgee-Version": _header("Version of the snapshot.")}
TAGGED_HEADERS: Final[Json] = {
    **VERSION_HEADERS,
    "ETag": _header("Of all that the body depends on.", '^"[0-9a-f]{64}"$'),
}
MANIFEST_HEADERS: Final[Json] = {
    **TAGGED_HEADERS,
    "Burgee-Order": _header("EPOCH.SEQUENCE of the snapshot.", "^[0-9]+[.][0-9]+$"),
}

PARAMETERS: Final[Json] = {
    "Tenant": _parameter(
        "header",
        "X-Tenant-ID",
        "The tenant. On OFREP paths a token of one tenant need not name it.",
        pattern=_NAME,
    ),
    "IfNoneMatch": _parameter("header", "If-None-Match", "ETags of bodies that the caller has."),
    "FlagConfigEtag": _parameter(
        "query", "flagConfigEtag", "What an event said is in force; another than here gives 200."
    ),
    "FlagConfigLastModified": _parameter("query", "flagConfigLastModified", "Not looked at."),
    "OfrepKey": _parameter("path", "key", "The flag's key.", minLength=1),
    "FlagKey": _parameter("path", "key", "The flag's key.", minLength=1, pattern="^[^/]+$"),
    "UserId": _parameter("path", "id", "The targeting key.", minLength=1, pattern="^[^/]+$"),
    "Environment": _parameter("path", "environment", "This node's.", pattern=_NAME),
    "TenantName": _parameter("path", "tenant", "The tenant.", pattern=_NAME),
    "DocumentName": _parameter(
        "path", "name", "KIND-DIGEST16.json or .bin.", minLength=1, pattern="^[a-z0-9.-]+$"
    ),
    "SignaturesName": _parameter("path", "name", "manifest-DIGEST16.sig.", pattern="^[a-z0-9.-]+$"),
    "LastEventId": _parameter("header", "Last-Event-ID", "Of the last event that was taken in."),
    "EventsTenant": _parameter("query", "tenant", "The tenant.", pattern=_NAME),
    "EventsFor": _parameter("query", "for", "The kind of key.", enum=["browser", "server"]),
    "EventsKey": _parameter("query", "key", "What lets in; it is never logged."),
    "Attributes": {
        "in": "query",
        "name": "attributes",
        "description": (
            "The user's attributes, a parameter each, typed as the tenant declares them "
            "(`attributes.yaml`); others are strings, or lists where they stand several times."
        ),
        "required": False,
        "style": "form",
        "explode": True,
        "schema": {"type": "object"},
    },
}

SECURITY: Final[Json] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A client key or a JWT.",
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}

_ERROR_CODES: Final = [
    "PARSE_ERROR",
    "TARGETING_KEY_MISSING",
    "INVALID_CONTEXT",
    "FLAG_NOT_FOUND",
    "GENERAL",
]

PLAIN_SCHEMAS: Final[Json] = {
    "Error": {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {"code": _TEXT, "message": _TEXT, "details": {}},
                "required": ["code", "message"],
            },
            "request_id": _TEXT,
        },
        "required": ["error", "request_id"],
    },
    "OfrepRequest": {
        "type": "object",
        "description": "Without a context, one without attributes is meant.",
        "properties": {
            "context": {
                "type": "object",
                "description": "What is no string or number as targetingKey counts as missing.",
                "properties": {"targetingKey": {}},
            },
        },
    },
    "OfrepError": {
        "type": "object",
        "properties": {
            "errorCode": {"type": "string", "enum": _ERROR_CODES},
            "errorDetails": _TEXT,
        },
        "required": ["errorCode", "errorDetails"],
    },
    "OfrepFlagError": {
        "type": "object",
        "properties": {
            "key": _TEXT,
            "errorCode": {"type": "string", "enum": _ERROR_CODES},
            "errorDetails": _TEXT,
        },
        "required": ["key", "errorCode", "errorDetails"],
    },
    "Manifest": {
        "type": "object",
        "description": "See the reference of the snapshot's form.",
        "properties": {
            "environment": _TEXT,
            "format": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["environment", "format"],
    },
    "Signatures": {
        "type": "object",
        "properties": {"signatures": {"type": "array", "items": {"type": "object"}}},
        "required": ["signatures"],
    },
    "Heartbeat": {
        "type": "object",
        "properties": {
            "heartbeat": {"type": "object"},
            "signatures": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["heartbeat"],
    },
    "Status": {
        "type": "object",
        "properties": {
            "environment": _TEXT,
            "ready": {"type": "boolean"},
            "snapshot": {
                "type": ["object", "null"],
                "properties": {
                    "version": _TEXT,
                    "epoch": {"type": "integer"},
                    "sequence": {"type": "integer"},
                    "commit": {"type": ["string", "null"]},
                    "committed_at": _INSTANT,
                    "serving_since": _INSTANT,
                    "tenants": {"type": "object"},
                },
            },
            "source": {
                "type": "object",
                "properties": {
                    "checked_at": _INSTANT,
                    "confirmed_at": _INSTANT,
                    "heartbeat_at": _INSTANT,
                    "stale_seconds": {"type": "number"},
                    "last_refusal": {"type": ["object", "null"]},
                    "refused": {"type": ["object", "null"]},
                },
            },
            "reloads": {"type": "integer"},
            "refusals": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
        "required": ["environment", "ready", "snapshot", "source", "reloads", "refusals"],
    },
}
