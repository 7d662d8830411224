"""The native API answers as its reference says: forms, statuses, filters, and one form of error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.edge import ACME, GLOBEX, Edge, clients_file, running_edge
from support.snapshots import write_environment
from support.wire import Answer


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    source = tmp_path_factory.mktemp("dist")
    write_environment(source, {"acme": ACME, "globex": GLOBEX})
    with running_edge(source) as edge:
        yield edge


def evaluate(edge: Edge, key: str, user_id: object = "u1", **attributes: object) -> Answer:
    user = {"id": user_id, "attributes": attributes}
    return edge.post("/v1/evaluate", {"flag_key": key, "user": user})


def test_the_whole_form(edge: Edge) -> None:
    body = {
        "flag_key": "targeted",
        "user": {"id": "u1", "attributes": {"plan": "pro"}},
        "request_id": "mine-\ud800",
    }
    answer = edge.post("/v1/evaluate", body)
    assert answer.status == 200
    assert answer.json() == {
        "flag_key": "targeted",
        "variant": "on",
        "value": True,
        "reason": "rule_match",
        "rule_id": "pro",
        "details": {"bucket": None},
        "request_id": "mine-\ud800",
        "version": "1-abcdef0",
    }
    assert answer.headers["burgee-version"] == "1-abcdef0"
    assert answer.headers["cache-control"] == "private"


ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("integer", {"variant": "ten", "value": 10, "reason": "default"}),
    ("killed", {"variant": "off", "value": False, "reason": "flag_off"}),
    ("killed-none", {"variant": None, "value": None, "reason": "flag_off"}),
    ("gone", {"variant": "none", "value": None, "reason": "default"}),
]


@pytest.mark.parametrize(("key", "expected"), ANSWERS)
def test_answers(edge: Edge, key: str, expected: dict[str, Any]) -> None:
    found = evaluate(edge, key).json()
    assert found.pop("version") == "1-abcdef0"
    assert found == {"flag_key": key, "details": {"bucket": None}, **expected}


def test_a_bucket_is_told(edge: Edge) -> None:
    details = evaluate(edge, "half").json()["details"]
    assert isinstance(details, dict)
    assert 0 <= details["bucket"] < 1


@pytest.mark.parametrize("user", [None, "", True])
def test_a_missing_targeting_key_is_an_answer(edge: Edge, user: object) -> None:
    body: dict[str, Any] = {"flag_key": "half"}
    if user is not True:
        body["user"] = {"id": user}
    answer = edge.post("/v1/evaluate", body)
    assert answer.status == 200
    assert answer.json()["reason"] == "targeting_key_missing"
    assert answer.json()["value"] is None


def test_the_id_wins_and_keeps_its_type(edge: Edge) -> None:
    assert evaluate(edge, "pinned", "vip", targetingKey="u1").json()["value"] is True
    assert evaluate(edge, "pinned", "u1", **{"user.id": "vip"}).json()["value"] is False
    assert evaluate(edge, "half", 5).json() == evaluate(edge, "half", "5").json()


STATUSES: list[tuple[str, str, int, str]] = [
    ("/v1/evaluate", "", 400, "malformed_json"),
    ("/v1/evaluate", "{", 400, "malformed_json"),
    ("/v1/evaluate", '{"flag_key":"integer","user":{"id":NaN}}', 400, "malformed_json"),
    ("/v1/evaluate", "[" * 100_000, 400, "context_too_large"),
    ("/v1/evaluate", "[]", 422, "invalid_request"),
    ("/v1/evaluate", "{}", 422, "invalid_request"),
    ("/v1/evaluate", '{"flag_key":1}', 422, "invalid_request"),
    ("/v1/evaluate", '{"flag_key":"integer","user":[]}', 422, "invalid_request"),
    ("/v1/evaluate", '{"flag_key":"integer","user":{"id":true}}', 422, "invalid_request"),
    ("/v1/evaluate", '{"flag_key":"integer","user":{"id":{}}}', 422, "invalid_request"),
    ("/v1/evaluate", '{"flag_key":"integer","user":{"attributes":1}}', 422, "invalid_request"),
    ("/v1/evaluate", '{"flag_key":"integer","usr":{}}', 422, "invalid_request"),
    ("/v1/evaluate", '{"flag_key":"integer","\\ud800":1}', 422, "invalid_request"),
    ("/v1/evaluate", '{"flag_key":"nope"}', 404, "flag_not_found"),
    ("/v1/evaluate", '{"flag_key":"\\ud800"}', 404, "flag_not_found"),
    ("/v1/evaluate/all", '{"flags":"integer"}', 422, "invalid_request"),
    ("/v1/evaluate/all", "null", 422, "invalid_request"),
    (
        "/v1/evaluate/preview",
        '{"flag_key":"integer","at":"2026-01-01 00:00"}',
        422,
        "invalid_request",
    ),
    ("/v1/evaluate/preview", '{"flag_key":"nope"}', 404, "flag_not_found"),
    ("/v1/evaluate/other", "{}", 404, "not_found"),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), STATUSES)
def test_errors(edge: Edge, path: str, body: str, status: int, code: str) -> None:
    answer = edge.post(path, body)
    assert answer.status == status
    found = answer.json()
    assert found.keys() == {"error", "request_id"}
    assert found["request_id"] == answer.headers["x-request-id"]
    error = found["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert error["message"]


def test_a_tenant_must_be_named_and_be_a_name(edge: Edge) -> None:
    for tenant, code in (
        ("", "tenant_missing"),
        ("a b", "tenant_invalid"),
        ("../x", "tenant_invalid"),
    ):
        answer = edge.post("/v1/evaluate", {"flag_key": "integer"}, X_Tenant_ID=tenant)
        assert answer.status == 400
        assert json.loads(answer.body)["error"]["code"] == code


def every(edge: Edge, **body: object) -> list[str]:
    answer = edge.post("/v1/evaluate/all", {"user": {"id": "u1"}, **body})
    assert answer.status == 200
    return [item["flag_key"] for item in json.loads(answer.body)["flags"]]


def test_all_flags_for_one_user(edge: Edge) -> None:
    answer = edge.post("/v1/evaluate/all", {"user": {"id": "u1"}, "request_id": "r"})
    body = json.loads(answer.body)
    assert body.keys() == {"flags", "version", "request_id"}
    assert [item["flag_key"] for item in body["flags"]] == sorted(ACME.flags)
    for item in body["flags"]:
        assert {**item, "version": body["version"]} == evaluate(edge, item["flag_key"]).json()


def test_filters(edge: Edge) -> None:
    assert every(edge, flags=["zero", "integer", "nope"]) == ["integer", "zero"]
    assert every(edge, flags=[]) == []
    assert every(edge, tags=["web", "other"]) == ["targeted"]
    assert every(edge, tags=["other"]) == []
    assert every(edge, tags=["web"], flags=["zero"]) == []
    assert every(edge, flags=None, tags=None) == sorted(ACME.flags)


def test_preview_is_the_answer_and_why(edge: Edge) -> None:
    body = {
        "flag_key": "ramp",
        "user": {"id": "u1", "attributes": {"plan": "pro"}},
        "at": "2027-01-01T00:00:00+01:00",
        "request_id": "r",
    }
    found = edge.post("/v1/evaluate/preview", body).json()
    assert found["at"] == "2026-12-31T23:00:00Z"
    assert found["request_id"] == "r"
    trace = found["trace"]
    assert isinstance(trace, dict)
    [ramp, *_] = trace["rules"]
    assert ramp["rule"] == "pro"
    assert ramp["when"]["value"] == "pro"
    assert ramp["tables"][0]["kind"] == "gate"
    plain = evaluate(edge, "ramp", plan="pro").json()
    assert {name: found[name] for name in plain} == plain


def test_preview_needs_its_scope(tmp_path_factory: pytest.TempPathFactory) -> None:
    source = tmp_path_factory.mktemp("scopes")
    write_environment(source, {"acme": ACME})
    path = clients_file(source, app={}, reader={"scopes": ["flags:r"]})
    with running_edge(source, clients=path) as edge:
        body = {"flag_key": "integer"}
        allowed = edge.post("/v1/evaluate/preview", body, X_API_Key="key-of-reader")
        refused = edge.post("/v1/evaluate/preview", body, X_API_Key="key-of-app")
    assert (allowed.status, refused.status) == (200, 403)
    assert json.loads(refused.body)["error"]["code"] == "scope_missing"
