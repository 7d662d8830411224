"""`POST /v1/evaluate` and `/v1/evaluate/all`: the native API."""

from msgspec import UNSET, Struct, UnsetType

from burgee_edge.answers import NativeAnswer, native_answer
from burgee_edge.bodies import EvaluateAllBody, EvaluateBody, read_body
from burgee_edge.node import Node, Visit
from burgee_http.call import Call, Reply
from burgee_http.json_text import encode_json

__all__ = ["AllAnswer", "evaluate", "evaluate_all"]


class AllAnswer(Struct, frozen=True, kw_only=True):
    """Every flag for one user, sorted by key."""

    flags: list[NativeAnswer]
    version: str
    request_id: str | UnsetType = UNSET


def evaluate(node: Node, call: Call) -> Reply:
    """One flag; a targeting key that is missing is an answer, an unknown flag is none."""
    visit = node.visit(call)
    body = read_body(call.body, EvaluateBody)
    result = visit.view.evaluate(body.flag_key, body.user.context, visit.now, browser=visit.browser)
    if result.reason == "flag_not_found":
        raise visit.error(404, "flag_not_found", "There is no flag of this key.")
    node.figures.one(visit.view.tenant, result)
    version = visit.served.snapshot.version
    answer = native_answer(result, request_id=body.request_id, version=version)
    return visit.reply(encode_json(answer))


def evaluate_all(node: Node, call: Call) -> Reply:
    """All flags, or those that the filters name; unknown keys are left out."""
    visit = node.visit(call)
    body = read_body(call.body, EvaluateAllBody)
    results = visit.view.evaluate_all(_keys(visit, body), body.user.context, visit.now)
    node.figures.settle(node.figures.tally(visit.view.tenant, results))
    answer = AllAnswer(
        flags=[native_answer(result) for result in results],
        version=visit.served.snapshot.version,
        request_id=UNSET if body.request_id is None else body.request_id,
    )
    return visit.reply(encode_json(answer))


def _keys(visit: Visit, body: EvaluateAllBody) -> list[str]:
    keys = list(visit.view.selection(browser=visit.browser).keys)
    if body.flags is not None:
        wanted = frozenset(body.flags)
        keys = [key for key in keys if key in wanted]
    if body.tags is not None:
        tags = frozenset(body.tags)
        keys = [key for key in keys if not tags.isdisjoint(visit.view.tags(key))]
    return keys
