"""`POST /v1/evaluate/preview`: what a hypothetical user would get at any time, and why."""

from typing import Any

import msgspec
from msgspec import UNSET

from burgee.evaluation import Trace, explain
from burgee.evaluation.result import failed
from burgee.instants import format_instant
from burgee_edge.answers import NativeAnswer, native_answer
from burgee_edge.bodies import PreviewBody, read_body
from burgee_edge.node import Node
from burgee_http.call import Call, Reply
from burgee_http.json_text import encode_json

__all__ = ["PreviewAnswer", "preview"]


class PreviewAnswer(NativeAnswer, frozen=True, kw_only=True):
    """The answer, the time it is for, and every step to it; without a trace where the flag is
    broken.
    """

    at: str
    trace: Any


def preview(node: Node, call: Call) -> Reply:
    """Needs the scope flags:r: a trace shows the flag's rules. Nothing is counted."""
    visit = node.visit(call, "flags:r")
    body = read_body(call.body, PreviewBody)
    at = body.instant(visit.now)
    try:
        flag = visit.view.flag(body.flag_key, browser=visit.browser)
    except ValueError:
        result, trace = failed(body.flag_key, "error"), None
    else:
        if flag is None:
            raise visit.error(404, "flag_not_found", "There is no flag of this key.")
        steps = explain(visit.view.flags, body.flag_key, body.user.context, at)
        result, trace = steps.result, _plain(steps)
    answer = native_answer(result, version=visit.served.snapshot.version)
    fields = {name: getattr(answer, name) for name in answer.__struct_fields__}
    fields["request_id"] = UNSET if body.request_id is None else body.request_id
    shown = PreviewAnswer(**fields, at=format_instant(at), trace=trace)
    return visit.reply(encode_json(shown))


def _plain(trace: Trace) -> dict[str, Any]:
    """Return the trace as JSON values, instants written out; the result stands beside it."""
    plain: dict[str, Any] = msgspec.to_builtins(trace)
    del plain["result"], plain["now"]
    plain["phase"] = None if trace.phase is None else format_instant(trace.phase)
    plain["layer"] = trace.result.layer
    return plain
