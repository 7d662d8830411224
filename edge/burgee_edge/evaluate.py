"""`POST /v1/evaluate` and `/v1/evaluate/all`: the native API."""

from msgspec import UNSET, Struct, UnsetType

from burgee_edge.answers import NativeAnswer
from burgee_edge.bodies import EvaluateAllBody, EvaluateBody, read_body
from burgee_edge.fragments import Fragments, fragments_of, native_form
from burgee_edge.node import Node, Visit
from burgee_edge.prepared import selected
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
    fragments: Fragments = answer.wire or fragments_of(answer, view.tenant, node.figures)
    fragments.served.value += 1
    if node.decided is not None:
        node.trace(visit, result)
    if node.exposures is not None:
        node.exposed(visit, result, body.user.context)
    end = visit.served.version_json
    if body.request_id is not None:
        end = _named(body.request_id) + end
    return visit.reply(native_form(fragments, result.bucket, end))


def evaluate_all(node: Node, call: Call) -> Reply:
    """All flags, or those that the filters name; unknown keys are left out."""
    visit = node.visit(call)
    body = read_body(call.body, EvaluateAllBody)
    results = visit.view.evaluate_all(_keys(visit, body), body.user.context, visit.now)
    held = [fragments_of(each.answer, visit.view.tenant, node.figures) for each in results]
    for each in held:
        each.served.value += 1
    pairs = zip(held, results, strict=True)
    forms = [native_form(fragments, result.bucket, b"}") for fragments, result in pairs]
    named = b"" if body.request_id is None else _named(body.request_id)
    version = visit.served.version_json.removesuffix(b"}")
    return visit.reply(b"".join((b'{"flags":[', b",".join(forms), b"]", version, named, b"}")))


def _named(request_id: str) -> bytes:
    return b',"request_id":' + encode_json(request_id)


def _keys(visit: Visit, body: EvaluateAllBody) -> list[str]:
    keys = list(selected(visit).keys)
    if body.flags is not None:
        wanted = frozenset(body.flags)
        keys = [key for key in keys if key in wanted]
    if body.tags is not None:
        tags = frozenset(body.tags)
        keys = [key for key in keys if not tags.isdisjoint(visit.view.tags(key))]
    return keys
