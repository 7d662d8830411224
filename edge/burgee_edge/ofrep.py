"""OFREP 0.3: one flag, and all flags with an ETag. Its clients are many and strict."""

from functools import partial
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from burgee.evaluation import Result
from burgee.evaluation.result import ERRORS
from burgee_edge.answers import Failure, Success, failure
from burgee_edge.conditional import Made, at_hand, conditional
from burgee_edge.etag import answer_key
from burgee_edge.events_wait import require_told
from burgee_edge.fragments import Fragments, fragments_of, ofrep_body
from burgee_edge.node import Node, Visit
from burgee_edge.prepared import selected
from burgee_edge.view import Selection
from burgee_http.call import Call, Reply
from burgee_http.errors import ApiError
from burgee_http.json_body import check_context, is_small, parse_json

__all__ = ["BulkAnswer", "bulk", "read_context", "single"]

_STATUSES: Final = {
    "FLAG_NOT_FOUND": (404, "flag_not_found"),
    "TARGETING_KEY_MISSING": (400, "targeting_key_missing"),
}
_KIND: Final = b"ofrep"
_BROKEN = (500, "flag_broken")
_NONE: Final[dict[str, Any]] = {}  # nobody writes into a context


# msgspec writes no schema for a union of untagged structs.
_ITEM: Final = {
    "anyOf": [{"$ref": f"#/components/schemas/{each.__name__}"} for each in (Success, Failure)]
}


_STREAMS: Final = {"type": "array", "items": {"$ref": "#/components/schemas/Stream"}}


class BulkAnswer(Struct, frozen=True):
    """All flags that the caller may see; one that fails is an item like the others."""

    flags: Annotated[list[Any], Meta(extra_json_schema={"items": _ITEM})]
    eventStreams: Annotated[Raw | UnsetType, Meta(extra_json_schema=_STREAMS)] = UNSET  # noqa: N815


def single(node: Node, call: Call) -> Reply:
    """`POST /ofrep/v1/evaluate/flags/{key}`; the key is the rest of the path, decoded once."""
    visit = node.visit(call, implied=True)
    context = read_context(call.body)
    view = visit.view
    result = view.evaluate(call.params["key"], context, visit.now, browser=visit.browser)
    answer = result.answer
    if answer.reason == "flag_not_found":
        raise _failed(visit, result)
    fragments: Fragments = answer.wire or fragments_of(answer, view.tenant, node.figures)
    fragments.served.value += 1
    if answer.reason in ERRORS:
        raise _failed(visit, result)
    if node.decided is not None:
        node.trace(visit, result)
    if node.exposures is not None:
        node.exposed(visit, result, context)
    return visit.reply(fragments.ofrep)


def _failed(visit: Visit, result: Result) -> ApiError:
    code, details = failure(result)
    status, ours = _STATUSES.get(code, _BROKEN)
    return visit.error(status, ours, details)


def bulk(node: Node, call: Call) -> Reply:
    """`POST /ofrep/v1/evaluate/flags`."""
    visit = node.visit(call, implied=True)
    if call.query_string:
        require_told(node, visit, call)
    selection = selected(visit)
    streams = node.streams_offered(visit)
    kind = _KIND + streams
    key = selection.recall(kind, call.body, visit.now)
    if key is not None:
        reply = at_hand(visit, call, key)
        if reply is not None:
            return reply
    context = read_context(call.body)
    if key is None:
        key = answer_key(kind, selection, context, visit.now)
        cache = visit.view.cache
        if cache is not None and cache.knows(key):
            selection.remember(kind, call.body, visit.now, key)
    make = partial(_make, node, visit, selection, context, streams)
    return conditional(node, visit, call, key, make)


def _make(
    node: Node, visit: Visit, selection: Selection, context: dict[str, Any], streams: bytes
) -> Made:
    results = selection.evaluate(context, visit.now)
    end = b'],"eventStreams":' + streams + b"}" if streams else b"]}"
    return ofrep_body(results, visit.view.tenant, node.figures, end)


def read_context(body: bytes) -> dict[str, Any]:
    """Return the context of a body. Clients without one send `{}`, no context, or nothing."""
    if not body:
        return {}
    value = parse_json(body)
    if type(value) is not dict:
        raise ApiError(400, "invalid_context", "The body is no JSON object.")
    context: dict[str, Any] = value.get("context", _NONE)
    if type(context) is not dict:
        raise ApiError(400, "invalid_context", "The context is no JSON object.")
    if not is_small(body):
        check_context(context)
    return context
