"""The query of `GET /v1/audit`, as a caller writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from burgee.instants import parse_instant
from burgee_http.errors import ApiError
from burgee_writer.history.audit import AuditQuery
from burgee_writer.history.cursor import BadCursor
from burgee_writer.history.records import ENTITIES, Entity

__all__ = ["bad_cursor", "read_audit_query"]

_LONGEST: Final = 512
_MOST: Final = 200
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_LIMIT: Final = re.compile(r"[0-9]{1,4}")


def read_audit_query(pairs: Iterable[tuple[str, str]], tenant: str) -> AuditQuery:
    """Return what the pairs of a query string ask for; 400 where they ask for nothing known."""
    given: dict[str, Any] = {}
    for name, text in pairs:
        read = _READERS.get(name)
        if read is None:
            raise _malformed(f"{name!r} is unknown; there are {', '.join(_READERS)}")
        if name in given:
            raise _malformed(f"{name!r} is given twice")
        given[name] = read(name, text)
    since, until = given.get("since"), given.get("until")
    if since is not None and until is not None and since >= until:
        raise _malformed("'since' is not before 'until'")
    return AuditQuery(tenant=tenant, **given)


def bad_cursor(error: BadCursor) -> ApiError:
    """Return the answer to a cursor that leads nowhere."""
    return ApiError(400, "bad_cursor", f"The cursor is not valid: {error.reason}.")


def _text(name: str, text: str) -> str:
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise _malformed(f"{name!r} must have 1 to {_LONGEST} printable characters")
    return text


def _entity(name: str, text: str) -> Entity:
    if text not in ENTITIES:
        raise _malformed(f"{name!r} must be one of {', '.join(ENTITIES)}")
    return text


def _environment(name: str, text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise _malformed(f"{name!r} is no name of an environment")
    return text


def _instant(name: str, text: str) -> int:
    found = parse_instant(text.replace(" ", "+"))  # a plus that nobody escaped
    if found is None:
        raise _malformed(f"{name!r} is no time such as 2026-11-27T09:00:00Z, nor a date")
    return found


def _limit(name: str, text: str) -> int:
    if _LIMIT.fullmatch(text) is None or not 1 <= int(text) <= _MOST:
        raise _malformed(f"{name!r} must be a number from 1 to {_MOST}")
    return int(text)


_READERS: Final[dict[str, Callable[[str, str], Any]]] = {
    "entity": _entity,
    "entity_key": _text,
    "actor": _text,
    "since": _instant,
    "until": _instant,
    "environment": _environment,
    "limit": _limit,
    "cursor": _text,
}


def _malformed(reason: str) -> ApiError:
    return ApiError(400, "malformed_query", f"The query string is not valid: {reason}.")
