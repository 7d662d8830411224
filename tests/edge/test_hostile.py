"""No context makes a node fail: it answers, or refuses with 400, and goes on serving."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burgee_edge.evaluate import evaluate, evaluate_all
from burgee_edge.node import Node
from burgee_edge.ofrep import bulk, single
from burgee_edge.preview import preview
from burgee_edge.users import user_flags
from burgee_http.application import Application, error_reply
from burgee_http.call import Call, Reply
from burgee_http.errors import ApiError
from support.edge import ACME, Edge, handlers, running_edge
from support.random_flags import TENANTS, VALUES
from support.snapshots import TenantParts, write_environment


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    source = tmp_path_factory.mktemp("dist")
    write_environment(source, {"acme": ACME})
    with running_edge(source) as edge:
        yield edge


DEEP = "[" * 100_000 + "]" * 100_000
WIDE = "[" + "0," * 60_000 + "0]"
VALUES_TEXT = {
    "a lone surrogate": '"\\ud800"',
    "two of them the wrong way round": '"\\udc00\\ud800"',
    "a key of one": '{"\\ud800":1}',
    "a NUL": '"\\u0000"',
    "NaN": "NaN",
    "infinity": "-Infinity",
    "out of range": "1e999",
    "a huge integer": "9" * 4000,
    "one too huge": "9" * 5000,
    "deep": DEEP,
    "wide": WIDE,
    "paths for keys": '{"a.b":{"":{"..":1}},"":0,"targetingKey.x":1,"__proto__":{"x":1}}',
    "a key twice": '{"a":1,"a":{"a":2}}',
    "a long string": '"' + "x" * 200_000 + '"',
    "bytes that are no UTF-8": "\udcff",
    "a bare surrogate": '"\udcff"',
}
PATHS = [
    ("/ofrep/v1/evaluate/flags", '{{"context":{{"targetingKey":{0},"plan":{0},"x":{0}}}}}'),
    ("/ofrep/v1/evaluate/flags/half", '{{"context":{{"targetingKey":{0}}}}}'),
    ("/v1/evaluate", '{{"flag_key":"half","user":{{"id":{0}}}}}'),
    ("/v1/evaluate", '{{"flag_key":"ramp","user":{{"attributes":{{"plan":{0}}}}}}}'),
    ("/v1/evaluate/all", '{{"user":{{"attributes":{{"targetingKey":{0},"plan":{0}}}}}}}'),
    ("/v1/evaluate/preview", '{{"flag_key":"targeted","user":{{"attributes":{{"plan":{0}}}}}}}'),
]


@pytest.mark.parametrize("value", VALUES_TEXT.values(), ids=VALUES_TEXT)
@pytest.mark.parametrize(("path", "form"), PATHS)
def test_values(edge: Edge, path: str, form: str, value: str) -> None:
    body = form.format(value).encode("utf-8", "surrogateescape")
    answer = edge.ask("POST", path, body)
    assert answer.status in (200, 400, 413, 422)
    json.loads(answer.body)


def test_a_million_values(edge: Edge) -> None:
    body = b'{"context":{"x":[' + b"0," * 10**6 + b"0]}}"
    assert edge.ask("POST", "/ofrep/v1/evaluate/flags", body).status == 413


def test_surrogates_come_back_as_they_went(edge: Edge) -> None:
    body = {"flag_key": "targeted", "user": {"attributes": {"plan": "\ud800"}}}
    trace = edge.post("/v1/evaluate/preview", body).json()["trace"]
    assert isinstance(trace, dict)
    assert trace["rules"][0]["when"]["value"] == "\ud800"


def answer(node: Node, handler: Any, call: Call) -> Reply:
    try:
        reply = handler(node, call)
    except ApiError as error:
        reply = error_reply(call, error)
    assert isinstance(reply, Reply)
    return reply


KEYS = ["f0", "f1", "f2", "f3"]
JSON = st.recursive(
    VALUES | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
NAMES = st.sampled_from(["a", "b", "b.c", "targetingKey", "user.id"]) | st.text()


@settings(max_examples=60, deadline=None)
@given(TENANTS, st.dictionaries(NAMES, JSON, max_size=5), st.data())
def test_any_context_for_any_flags(
    tmp_path_factory: pytest.TempPathFactory,
    parts: TenantParts,
    context: dict[str, Any],
    data: st.DataObject,
) -> None:
    node, _ = handlers(tmp_path_factory.mktemp("any"), {"acme": parts})
    key = data.draw(st.sampled_from(KEYS))
    user = {"attributes": context}
    asked = [
        (bulk, {"context": context}),
        (single, {"context": context}),
        (evaluate, {"flag_key": key, "user": user}),
        (evaluate_all, {"user": user}),
        (preview, {"flag_key": key, "user": user}),
    ]
    for handler, body in asked:
        call = Call("POST", "/", b"", {}, "r", json.dumps(body).encode(), {"key": key})
        reply = answer(node, handler, call)
        assert reply.status in (200, 400, 404)
        json.loads(reply.body)


@settings(max_examples=200, deadline=None)
@given(st.binary(), st.sampled_from([evaluate, evaluate_all, preview, bulk, single]))
def test_any_body(shared: tuple[Node, Application], body: bytes, handler: Any) -> None:
    call = Call("POST", "/", b"", {}, "r", body, {"key": "half"})
    assert answer(shared[0], handler, call).status in (200, 400, 404, 422)


@settings(max_examples=200, deadline=None)
@given(st.binary())
def test_any_query(shared: tuple[Node, Application], query: bytes) -> None:
    call = Call("GET", "/", query, {}, "r", params={"id": "u"})
    assert answer(shared[0], user_flags, call).status in (200, 400)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Node, Application]:
    return handlers(tmp_path_factory.mktemp("shared"), {"acme": ACME})
