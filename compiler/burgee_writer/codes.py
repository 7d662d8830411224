"""Every code that an error can have: when it is given, and what to do.

One table for the OpenAPI document and the docs; the statuses of the writer's own refusals are
those of `routes.statuses`.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

__all__ = ["CODES", "Code", "codes_of", "errors_reference"]


class Code(Struct, frozen=True):
    """A code under its status."""

    status: int
    name: str
    when: str
    cure: str


CODES: Final[tuple[Code, ...]] = (
    Code(
        400,
        "malformed_json",
        "the body is no JSON, or has a field twice in one object",
        "mend it; the message says where",
    ),
    Code(
        400,
        "context_too_large",
        "the body is nested deeper than 32 levels, or holds more than 10,000 values",
        "send less at a time, or change the file in a pull request",
    ),
    Code(400, "malformed_query", "the query string cannot be read", "percent-encode it as UTF-8"),
    Code(400, "malformed_path", "the path is not UTF-8", "percent-encode it as UTF-8"),
    Code(400, "unknown_parameter", "the call has no such parameter", "take one that is named"),
    Code(400, "repeated_parameter", "a parameter comes twice", "send it once"),
    Code(400, "invalid_parameter", "a parameter has another form", "send what is asked for"),
    Code(400, "invalid_header", "a header has another form", "send what is asked for"),
    Code(400, "bad_cursor", "the audit's cursor leads nowhere", "begin again without it"),
    Code(400, "tenant_missing", "nothing says which tenant", "send `X-Tenant-ID`"),
    Code(400, "tenant_invalid", "`X-Tenant-ID` is no name of a tenant", "mend it"),
    Code(400, "bad_request", "the request is not HTTP as it should be", "mend the client"),
    Code(400, "disconnected", "the client went away before it had sent all", "send it again"),
    Code(401, "unauthenticated", "there is no token", "send `Authorization: Bearer …`"),
    Code(401, "invalid_token", "the token is not good, or not any more", "get a new one"),
    Code(403, "tenant_forbidden", "the token is not for this tenant", "use another token"),
    Code(403, "scope_missing", "reading needs `flags:r`, writing `flags:rw`", "use another token"),
    Code(
        403,
        "environment_forbidden",
        "the change reaches environments that the token may not change",
        "name others, or use another token",
    ),
    Code(403, "denied", "the policy forbids the change", "change what the policy says, by review"),
    Code(
        403,
        "foreign_commit",
        "the commit to undo changed other tenants' files too",
        "name an `entity` of your own",
    ),
    Code(403, "host_refused", "`--insecure`: the Host is not loopback", "use a token"),
    Code(403, "origin_refused", "`--insecure`: the page is not on loopback", "use a token"),
    Code(
        404,
        "tenant_unknown",
        "a token for all tenants writes to one that is not there, which may be a typo",
        "mend `X-Tenant-ID`, or say `create_tenant=true`",
    ),
    Code(404, "not_found", "there is no such thing, or not for you", "look at `help` for its name"),
    Code(405, "method_not_allowed", "the path does not take this method", "see `GET /docs`"),
    Code(408, "request_timeout", "the request took too long to arrive", "send it again"),
    Code(
        409,
        "replaces_rules",
        "rules, overrides, tests or variants would be dropped; `dropped` lists them",
        "send them too, or say `?replace_rules=true`",
    ),
    Code(
        409,
        "review_required",
        "the policy wants the change reviewed",
        "make the same call with `?propose=true`",
    ),
    Code(
        409,
        "flag_held",
        "the flag would be kept at its last good form, so the change would do nothing",
        "mend what `findings` name, or undo `commit`",
    ),
    Code(409, "changed_since", "later commits touched what is to be undone", "undo those first"),
    Code(409, "conflict", "the change and what is there exclude each other", "see `help`"),
    Code(409, "list_too_long", "the segment lists over 10,000 ids", "use a pull request"),
    Code(409, "aliased", "the place is written as a YAML alias", "use a pull request"),
    Code(
        409,
        "unreadable",
        "the file does not read as it is; for `burgee.yaml` nothing can be written at all",
        "mend it in a pull request",
    ),
    Code(
        409,
        "worktree_dirty",
        "the branch is checked out, and somebody is editing the file there",
        "commit or discard that edit first",
    ),
    Code(
        409,
        "branch_protected",
        "the remote takes no push to the branch",
        "make the same call with `?propose=true`",
    ),
    Code(
        409,
        "already_proposed",
        "the proposal's branch holds another change",
        "merge or delete it, or use a new key",
    ),
    Code(
        412,
        "precondition_failed",
        "the resource is not as `If-Match` or `If-None-Match` wants; `current` shows it",
        "read it again and decide anew",
    ),
    Code(413, "body_too_large", "the body is larger than `--body-bytes`", "send less"),
    Code(422, "invalid_request", "the body is JSON of another shape", "send what is asked for"),
    Code(422, "invalid_key", "this cannot be a key", "letters, digits, `-` and `_`, with dots"),
    Code(
        422,
        "invalid",
        "it would add errors, or make the flag's own tests fail; `findings` lists them",
        "mend them; each says how",
    ),
    Code(422, "not_editable", "the file is written so that it cannot be edited", "see `help`"),
    Code(422, "key_reused", "the `Idempotency-Key` was used for another call", "take a new key"),
    Code(429, "rate_limited", "more requests than this client may send", "wait `Retry-After`"),
    Code(431, "head_too_large", "the headers are too large", "send less"),
    Code(500, "internal_error", "a bug; it was logged under the request id", "report it"),
    Code(
        503,
        "busy",
        "the branch moved each time that this was tried; nothing has changed",
        "send it again",
    ),
    Code(503, "index_locked", "git is at work where the branch is checked out", "send it again"),
    Code(
        503,
        "outcome_unknown",
        "the remote did not say whether the push arrived",
        "send it again with the same `Idempotency-Key`",
    ),
    Code(503, "unreachable", "the repository cannot be reached", "send it again later"),
    Code(503, "too_many_streams", "this writer holds as many streams as it may", "try later"),
    Code(503, "stopping", "this writer is about to stop", "send it again"),
)


def codes_of(status: int) -> tuple[Code, ...]:
    """Return the codes that a status can come with."""
    return tuple(each for each in CODES if each.status == status)


def errors_reference() -> str:
    """The table of errors for the docs, as Markdown."""
    lines = ["| status | `error.code` | when | what to do |", "|---|---|---|---|"]
    lines += [f"| {c.status} | `{c.name}` | {c.when} | {c.cure} |" for c in CODES]
    return "\n".join(lines) + "\n"
