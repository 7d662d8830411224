"""The shapes of answers that stand in no type, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["ANSWERS", "ID", "KEY", "NAME", "PREFIX", "TEXT", "Json", "nullable", "record", "ref"]

Json = dict[str, Any]

_COMMIT: Final = "^[0-9a-f]{40}$"
TEXT: Final[Json] = {"type": "string"}
NAME: Final = "[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
KEY: Final[Json] = {**TEXT, "pattern": f"^{NAME}([.]{NAME})*$", "maxLength": 256}
_NUMBER: Final[Json] = {"type": "integer", "minimum": 0}
_TEXTS: Final[Json] = {"type": "array", "items": TEXT}
ID: Final[Json] = {**TEXT, "pattern": _COMMIT}
PREFIX: Final[Json] = {**TEXT, "pattern": "^[0-9a-f]{7,40}$"}
_WORDS: Final[Json] = {"anyOf": [TEXT, _TEXTS]}
_COUNTS: Final[Json] = {"type": "object", "additionalProperties": _NUMBER}


def ref(name: str) -> Json:
    """Return what refers to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Json) -> Json:
    """Return a schema that lets null in too."""
    return {"anyOf": [schema, {"type": "null"}]}


def record(needed: Json, also: Json | None = None, description: str = "") -> Json:
    """Return an object with properties that are always there, and others."""
    found: Json = {"type": "object", "properties": {**needed, **(also or {})}}
    if needed:
        found["required"] = sorted(needed)
    return {**found, "description": description} if description else found


_TEXT_OR_NULL: Final[Json] = {"type": ["string", "null"]}
_WHOLE: Final[Json] = {"type": ["integer", "null"]}
_SPOT: Final[Json] = {
    "file": TEXT,
    **dict.fromkeys(("line", "column", "end_line", "end_column"), _WHOLE),
}
_WRITTEN: Final[Json] = {
    "changed": {"type": "boolean", "description": "Whether the branch has a new commit."},
    "commit": nullable(ID) | {"description": "What was made; null where nothing was."},
    "previous_commit": ID,
    "passed_over": {
        "type": "array",
        "items": ID,
        "description": "Commits that came while this was tried, and that it was made on.",
    },
    "summary": {**_TEXTS, "description": "What it does to users, in words."},
    "plan": nullable(ref("Plan")) | {"description": "What it does to users."},
    "findings": {"type": "array", "items": ref("Finding")},
    "request_id": TEXT,
}
_MAYBE: Final[Json] = {
    "dry_run": {"enum": [True]},
    "would_change": {"type": "boolean", "description": "Of a dry run: whether it would commit."},
    "branch": {**TEXT, "description": "Of a proposal."},
    "compare_url": {"type": ["string", "null"], "description": "Where to review it."},
}
_READ: Final[Json] = {"commit": ID, "request_id": TEXT}


def _written(also: Json, description: str) -> Json:
    return record({**_WRITTEN, **also}, _MAYBE, description)


ANSWERS: Final[Json] = {
    "Error": record(
        {
            "error": record({"code": TEXT, "message": TEXT}, {"details": {}}),
            "request_id": TEXT,
        },
        description="`details.help`, where it is there, says what to do.",
    ),
    "TokenError": record(
        {"error": TEXT, "error_description": TEXT}, {"request_id": TEXT}, "As OAuth 2.0 has it."
    ),
    "TokenAnswer": record(
        {"access_token": TEXT, "token_type": {"enum": ["bearer"]}, "expires_in": _NUMBER},
        {"scope": TEXT},
    ),
    "TokenRequest": record(
        {"grant_type": {"enum": ["client_credentials"]}},
        {
            "client_id": TEXT,
            "client_secret": TEXT,
            "scope": _WORDS,
            "tenant": _WORDS,
            "audience": {"enum": ["writer", "edge"]},
        },
    ),
    "KeySet": record({"keys": {"type": "array", "items": {"type": "object"}}}),
    "Finding": record(
        {
            "code": TEXT,
            "name": TEXT,
            "severity": {"enum": ["error", "warning"]},
            "message": TEXT,
            **_SPOT,
            "labels": {"type": "array", "items": record({**_SPOT, "text": TEXT})},
            "notes": _TEXTS,
            "help": _TEXT_OR_NULL,
            "subject": _TEXT_OR_NULL,
            "docs": TEXT,
        },
        {"fix": record({"text": TEXT}, {"file": TEXT})},
        "As `burgee check --format json` prints it.",
    ),
    "FlagWritten": _written({"flag": nullable(ref("FlagAsItStands"))}, "A flag that was written."),
    "SegmentWritten": _written(
        {"segment": nullable(ref("SegmentAsItStands"))}, "A segment that was written."
    ),
    "StateChange": record(
        {
            "environment": TEXT,
            "before": {"enum": ["on", "off"]},
            "after": {"enum": ["on", "off"]},
            "next": nullable(ref("NextStep")),
            "overrides": _NUMBER,
        },
        description="`next` is what a schedule will make of it; `overrides` are users who are "
        "pinned, whatever the state.",
    ),
    "StateWritten": record(
        {**_WRITTEN, "flag": nullable(ref("FlagAsItStands"))},
        {**_MAYBE, "environments": {"type": "array", "items": ref("StateChange")}},
        "`environments` is left out where the call is replayed.",
    ),
    "ChangesWritten": record(
        _WRITTEN,
        {**_MAYBE, "changes": {"type": "array", "items": record({"entity": TEXT})}},
        "`changes` is there for two or more, unless the call is replayed.",
    ),
    "Undone": record(_WRITTEN, {**_MAYBE, "undone": ID, "entities": _TEXTS}),
    "FlagRead": record(
        {**_READ, "flag": nullable(ref("FlagAsItStands")), "file": TEXT},
        {"environments": {"type": "array", "items": ref("StateIn")}},
        "`flag` is null, and `environments` left out, where the file does not read.",
    ),
    "SegmentRead": record({**_READ, "segment": nullable(ref("SegmentAsItStands")), "file": TEXT}),
    "FlagPage": record(
        {
            **_READ,
            "flags": {"type": "array", "items": ref("FlagSummary")},
            "next_page_token": _TEXT_OR_NULL,
        }
    ),
    "SegmentPage": record(
        {
            **_READ,
            "segments": {
                "type": "array",
                "items": record(
                    {"key": TEXT, "description": _TEXT_OR_NULL, "member_count": _NUMBER}
                ),
            },
            "next_page_token": _TEXT_OR_NULL,
        }
    ),
    "ExperimentRead": record({**_READ, "flag": TEXT, "rule": ref("Rule")}),
    "ExperimentList": record(
        {
            **_READ,
            "experiments": {
                "type": "array",
                "items": record(
                    {
                        "flag": TEXT,
                        "rule": TEXT,
                        "status": {"enum": ["draft", "running", "paused", "concluded"]},
                        "control": _TEXT_OR_NULL,
                        "winner": _TEXT_OR_NULL,
                        "hypothesis": _TEXT_OR_NULL,
                        "layer": _TEXT_OR_NULL,
                        "events": _TEXTS,
                        "arms": {"type": "array", "items": _TEXT_OR_NULL},
                    }
                ),
            },
        }
    ),
    "Stats": record(
        {
            **_READ,
            "total": _NUMBER,
            "by_state": {
                "type": "object",
                "additionalProperties": record({"on": _NUMBER, "off": _NUMBER}),
            },
            "by_kind": _COUNTS,
            "experiments": {"type": "object", "additionalProperties": _COUNTS},
            "stale": {"type": "object"},
        },
        {
            **dict.fromkeys(("unread", "segments", "tests", "untested"), _NUMBER),
            **dict.fromkeys(("by_type", "by_owner", "by_tag", "overrides"), _COUNTS),
        },
        "A tenant without flags has the required fields alone.",
    ),
    "AuditPage": record(
        {
            "entries": {"type": "array", "items": ref("AuditEntry")},
            "cursor": _TEXT_OR_NULL,
            **_READ,
        },
    ),
    "AuditEntry": record(
        {
            "commit": ID,
            "parent": nullable(ID),
            "time": TEXT,
            "live_at": TEXT,
            "live_commit": ID,
            "author": record({"name": TEXT, "email": TEXT}),
            "reviewers": {
                "type": "array",
                "items": record({"name": TEXT, "email": TEXT, "by": TEXT}),
            },
            "source": {"enum": ["api", "git"]},
            "tenant": _TEXT_OR_NULL,
            "entity": TEXT,
            "entity_key": _TEXT_OR_NULL,
            "renamed_from": _TEXT_OR_NULL,
            "files": _TEXTS,
            **dict.fromkeys(("action", "undoes", "reason", "request_id"), _TEXT_OR_NULL),
            "environments": _TEXTS,
            "claimed": {
                "type": ["object", "null"],
                "description": "What a commit says of itself that no writer signed.",
            },
            "subject": _TEXT_OR_NULL,
            "body": _TEXT_OR_NULL,
            "before": {"description": "The resource; null where there was none."},
            "after": {"description": "The resource; null where there is none."},
            "changes": {
                "type": "array",
                "items": record({"kind": TEXT, "text": TEXT, "environments": _TEXTS}),
                "description": "What changed for users, in words.",
            },
        },
        description="One resource that one commit changed.",
    ),
    "DeliveryPage": record(
        {
            "deliveries": {"type": "array", "items": ref("Delivery")},
            "cursor": _TEXT_OR_NULL,
            "request_id": TEXT,
        },
    ),
    "Redelivered": record(
        {"id": TEXT, "state": {"enum": ["pending"]}, "request_id": TEXT},
    ),
}
