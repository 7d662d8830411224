"""`POST /v1/evaluate` and `/v1/evaluate/all`: the native API."""

from msgspec import UNSET, Struct, UnsetType

from burgee_edge.answers import NativeAnswer
from burgee_edge.bodies import EvaluateAllBody, EvaluateBody, read_body
from burgee_edge.fragments import fragments_of, native_form
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
    view = visit.view
    result = view.evaluate(body.flag_key, body.user.context, visit.now, browser=visit.browser)
    answer = result.answer
    if answer.reason == "flag_not_found":
        raise visit.error(404, "flag_not_found", "There is no flag of this key.")
    fragments = fragments_of(answer, view.tenant, node.figures)
    fragments.served.value += 1
    return visit.reply(native_form(fragments, result.slot) + _end(visit, body.request_id))


def evaluate_all(node: Node, call: Call) -> Reply:
    """All flags, or those that the filters name; unknown keys are left out."""
    visit = node.visit(call)
    body = read_body(call.body, EvaluateAllBody)
    results = visit.view.evaluate_all(_keys(visit, body), body.user.context, visit.now)
    node.figures.settle(node.figures.tally(visit.view.tenant, results))
    forms = [
        native_form(fragments_of(each.answer, visit.view.tenant, node.figures), each.slot) + b"}"
        for each in results
    ]
    end = _end(visit, body.request_id, version_first=True)
    return visit.reply(b'{"flags":[' + b",".join(forms) + b"]" + end)


def _end(visit: Visit, request_id: str | None, *, version_first: bool = False) -> bytes:
    """What ends a body; the two forms differ in their order."""
    version = visit.served.version_json
    if request_id is None:
        return version + b"}"
    named = b',"request_id":' + encode_json(request_id)
    return (version + named if version_first else named + version) + b"}"


def _keys(visit: Visit, body: EvaluateAllBody) -> list[str]:
    keys = list(visit.view.selection(browser=visit.browser).keys)
    if body.flags is not None:
        wanted = frozenset(body.flags)
        keys = [key for key in keys if key in wanted]
    if body.tags is not None:
        tags = frozenset(body.tags)
        keys = [key for key in keys if not tags.isdisjoint(visit.view.tags(key))]
    return keys
