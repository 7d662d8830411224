"""The status that each refusal is told with."""

from __future__ import annotations

import re
from typing import Any, Final

from burgee_http.errors import ApiError
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.writing.refusals import WriteRefused

__all__ = ["STATUSES", "as_api_error"]

STATUSES: Final[dict[str, int]] = {
    "invalid_request": 422,
    "invalid_key": 422,
    "invalid": 422,
    "not_editable": 422,
    "key_reused": 422,
    "denied": 403,
    "environment_forbidden": 403,
    "foreign_commit": 403,
    "not_found": 404,
    "tenant_unknown": 404,
    "precondition_failed": 412,
    "aliased": 409,
    "already_proposed": 409,
    "branch_protected": 409,
    "changed_since": 409,
    "conflict": 409,
    "flag_held": 409,
    "list_too_long": 409,
    "replaces_rules": 409,
    "review_required": 409,
    "unreadable": 409,
    "worktree_dirty": 409,
    "busy": 503,
    "index_locked": 503,
    "outcome_unknown": 503,
    "unreachable": 503,
}
_WORDS: Final = re.compile(r"(there|this|that|the|an?|no|later|it) ")
_RETRY: Final = ((b"retry-after", b"1"),)


def as_api_error(error: ChangeRefused | WriteRefused) -> ApiError:
    """Return what the caller gets: the details, and the cure among them as `help`."""
    status = STATUSES[error.code]
    details: Any = error.details
    if error.help:
        details = {**(details or {}), "help": error.help}
    message = error.message if error.message.endswith(".") else f"{error.message}."
    headers = _RETRY if status == 503 else ()
    if _WORDS.match(message):  # a key at the beginning stays as it is
        message = message[0].upper() + message[1:]
    return ApiError(status, error.code, message, details, headers)
