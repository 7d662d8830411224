"""`GET /v1/users/{id}/flags[/{key}]`: answers for one user, whose attributes stand in the query."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from burgee.evaluation import Result
from burgee.paths import TARGETING_KEY, canonical_path
from burgee_edge.answers import UserAnswer, user_answer
from burgee_edge.conditional import Made, conditional
from burgee_edge.etag import answer_key
from burgee_edge.figures import Counted
from burgee_edge.fragments import fragments_of
from burgee_edge.node import Node, Visit
from burgee_edge.prepared import selected
from burgee_http.call import Call, Reply
from burgee_http.errors import ApiError
from burgee_http.json_body import check_context, parse_json
from burgee_http.json_text import encode_json

__all__ = ["UserFlags", "query_context", "user_flag", "user_flags"]

_BOOLEANS = {"true": True, "false": False}
# They belong to the protocol of conditional requests, not to the user.
_RESERVED = frozenset({"flagConfigEtag", "flagConfigLastModified"})


class UserFlags(Struct, frozen=True):
    """All flags that the caller may see, sorted by key."""

    flags: list[UserAnswer]


def user_flags(node: Node, call: Call) -> Reply:
    """All flags for one user."""
    visit = node.visit(call)
    context = query_context(call, visit.view.attributes)
    selection = selected(visit)

    def body() -> Made:
        results = selection.evaluate(context, visit.now)
        answers = [_answer(visit, each) for each in results]
        return encode_json(UserFlags(answers)), [_counted(node, visit, each) for each in results]

    key = answer_key(b"users", selection, context, visit.now)
    return conditional(node, visit, call, key, body)


def user_flag(node: Node, call: Call) -> Reply:
    """One flag for one user."""
    visit = node.visit(call)
    context = query_context(call, visit.view.attributes)
    key = call.params["key"]
    if not visit.view.shows(key, browser=visit.browser):
        raise visit.error(404, "flag_not_found", "There is no flag of this key.")

    def body() -> Made:
        result = visit.view.evaluate(key, context, visit.now, browser=visit.browser)
        return encode_json(_answer(visit, result)), [_counted(node, visit, result)]

    asked = answer_key(b"user", visit.view.single(key), context, visit.now)
    return conditional(node, visit, call, asked, body)


def _counted(node: Node, visit: Visit, result: Result) -> Counted:
    return fragments_of(result.answer, visit.view.tenant, node.figures)


def _answer(visit: Visit, result: Result) -> UserAnswer:
    try:
        flag = visit.view.flag(result.flag_key, browser=visit.browser)
    except ValueError:
        flag = None
    return user_answer(result, flag)


def query_context(call: Call, types: Mapping[str, str]) -> dict[str, Any]:
    """Return the context that path and query give; 400 where a value is not of its type."""
    given: dict[str, list[str]] = {}
    for name, text in call.query():
        if name not in _RESERVED:
            given.setdefault(canonical_path(name), []).append(text)
    context = {path: _value(path, texts, types.get(path)) for path, texts in given.items()}
    context[TARGETING_KEY] = call.params["id"]
    check_context(context)
    return context


def _value(path: str, texts: list[str], kind: str | None) -> Any:
    """Return what stands in the query under one name, perhaps several times."""
    if kind == "list" or (kind is None and len(texts) > 1):
        return texts
    if len(texts) > 1:
        raise _malformed(f"{path!r} is given twice, and is no list")
    return _typed(path, texts[0], "string" if kind is None else kind)


def _typed(name: str, text: str, kind: str) -> Any:
    try:
        if kind == "boolean":
            return _BOOLEANS[text]
        if kind in ("integer", "number"):
            return _number(text, whole=kind == "integer")
        if kind == "object":
            return _object(text)
    except (KeyError, ValueError, ApiError):
        raise _malformed(f"{name!r} is no {kind}") from None
    if kind == "time" and text.lstrip("-")[:1].isdigit():
        with suppress(ValueError, ApiError):
            return _number(text)  # epoch seconds
    return text


def _number(text: str, *, whole: bool = False) -> int | float:
    value = parse_json(text.encode())
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(text)
    if whole and isinstance(value, float) and not value.is_integer():
        raise ValueError(text)
    return value


def _object(text: str) -> dict[str, Any]:
    value = parse_json(text.encode())
    if not isinstance(value, dict):
        raise ValueError(text)
    return value


def _malformed(reason: str) -> ApiError:
    return ApiError(400, "malformed_query", f"The query string is not valid: {reason}.")
