"""OFREP 0.3: one flag, and all flags with an ETag. Its clients are many and strict."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from burgee_edge.answers import Failure, Success, ofrep_answer
from burgee_edge.conditional import conditional
from burgee_edge.events_wait import require_told
from burgee_edge.node import Node
from burgee_http.call import Call, Reply
from burgee_http.errors import ApiError
from burgee_http.json_body import check_context, parse_json
from burgee_http.json_text import encode_json

__all__ = ["BulkAnswer", "bulk", "read_context", "single"]

_STATUSES: Final = {
    "FLAG_NOT_FOUND": (404, "flag_not_found"),
    "TARGETING_KEY_MISSING": (400, "targeting_key_missing"),
}
_BROKEN = (500, "flag_broken")


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
    result = visit.view.evaluate(call.params["key"], context, visit.now, browser=visit.browser)
    node.figures.one(visit.view.tenant, result)
    answer = ofrep_answer(result)
    if isinstance(answer, Failure):
        status, code = _STATUSES.get(answer.errorCode, _BROKEN)
        raise visit.error(status, code, answer.errorDetails)
    return visit.reply(encode_json(answer))


def bulk(node: Node, call: Call) -> Reply:
    """`POST /ofrep/v1/evaluate/flags`."""
    visit = node.visit(call, implied=True)
    require_told(node, visit, call)
    context = read_context(call.body)
    selection = visit.view.selection(browser=visit.browser)
    streams = node.streams_offered(visit)

    def body() -> tuple[bytes, list[Any]]:
        results = visit.view.evaluate_all(selection.keys, context, visit.now)
        answers = [ofrep_answer(each) for each in results]
        return encode_json(BulkAnswer(answers, Raw(streams) if streams else UNSET)), results

    return conditional(node, visit, call, (b"ofrep" + streams, selection, context), body)


def read_context(body: bytes) -> dict[str, Any]:
    """Return the context of a body. Clients without one send `{}`, no context, or nothing."""
    if not body:
        return {}
    value = parse_json(body)
    if not isinstance(value, dict):
        raise ApiError(400, "invalid_context", "The body is no JSON object.")
    context = value.get("context", {})
    if not isinstance(context, dict):
        raise ApiError(400, "invalid_context", "The context is no JSON object.")
    check_context(context, body)
    return context
