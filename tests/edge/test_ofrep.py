"""OFREP as its official clients need it: every trap that was seen in one of them stays closed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.edge import ACME, GLOBEX, Edge, clients_file, running_edge
from support.snapshots import TenantParts, flag, write_environment
from support.wire import Answer, Wire

ONE = "/ofrep/v1/evaluate/flags/{}"
ALL = "/ofrep/v1/evaluate/flags"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    source = tmp_path_factory.mktemp("dist")
    write_environment(source, {"acme": ACME, "globex": GLOBEX})
    with running_edge(source) as edge:
        yield edge


def one(edge: Edge, key: str, **context: Any) -> Answer:
    return edge.post(ONE.format(key), {"context": context})


@pytest.mark.parametrize(
    "body",
    ["{}", "", '{"context":{}}', '{"context":{"targetingKey":""}}', '{"other":1}'],
)
@pytest.mark.parametrize("path", [ONE.format("integer"), ALL])
def test_a_body_without_context_is_one_without_attributes(edge: Edge, path: str, body: str) -> None:
    assert edge.post(path, body).status == 200


def test_a_request_without_any_body(edge: Edge) -> None:
    assert edge.ask("POST", ALL, None).status == 200


BAD_BODIES = [
    ("{", "PARSE_ERROR"),
    ('{"context":{}', "PARSE_ERROR"),
    ('{"context":{"a":NaN}}', "PARSE_ERROR"),
    ('{"context":{"a":Infinity}}', "PARSE_ERROR"),
    ('{"context":{"a":1e999}}', "PARSE_ERROR"),
    ('{"context":{"a":' + "9" * 5000 + "}}", "PARSE_ERROR"),
    ("\ufeff{}", "PARSE_ERROR"),
    ('{"context":null}', "INVALID_CONTEXT"),
    ('{"context":[]}', "INVALID_CONTEXT"),
    ('{"context":"u1"}', "INVALID_CONTEXT"),
    ("[]", "INVALID_CONTEXT"),
    ("null", "INVALID_CONTEXT"),
    ('{"context":' + "[" * 100_000, "INVALID_CONTEXT"),
    ('{"context":{"a":' + '{"a":' * 40 + "1" + "}" * 42, "INVALID_CONTEXT"),
    ('{"context":{"a":[' + "1," * 10_001 + "1]}}", "INVALID_CONTEXT"),
]


@pytest.mark.parametrize(("body", "code"), BAD_BODIES)
@pytest.mark.parametrize("path", [ONE.format("integer"), ALL])
def test_a_body_of_another_shape_is_400_with_the_whole_error(
    edge: Edge, path: str, body: str, code: str
) -> None:
    answer = edge.post(path, body)
    assert answer.status == 400
    found = answer.json()
    assert found["errorCode"] == code
    assert isinstance(found["errorDetails"], str)
    assert found["errorDetails"]
    assert "value" not in found
    assert ("key" in found) == (path != ALL)


ANSWERS = [
    ("integer", {"value": 10, "variant": "ten", "reason": "STATIC"}),
    ("zero", {"value": 0, "variant": "zero", "reason": "STATIC"}),
    ("number", {"value": 1.0, "variant": "one", "reason": "STATIC"}),
    ("object", {"value": {"steps": 3, "x": {"y": [1.0]}}, "variant": "a", "reason": "STATIC"}),
    ("list", {"value": [1, "two"], "variant": "few", "reason": "STATIC"}),
    ("string.nested", {"value": "hi", "variant": "hi", "reason": "STATIC"}),
    ("killed", {"value": False, "variant": "off", "reason": "STATIC"}),
    ("killed-none", {"variant": "", "reason": "DISABLED"}),
    ("gone", {"variant": "none", "reason": "DISABLED"}),
]


@pytest.mark.parametrize(("key", "expected"), ANSWERS)
def test_answers(edge: Edge, key: str, expected: dict[str, Any]) -> None:
    answer = one(edge, key, targetingKey="u1")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert found.pop("key") == key
    metadata = found.pop("metadata")
    assert isinstance(metadata, dict)
    assert metadata["burgee.reason"]
    assert found == expected


def test_whole_floats_keep_their_point(edge: Edge) -> None:
    assert b'"value":1.0' in one(edge, "number").body
    assert b'"y":[1.0]' in one(edge, "object").body
    assert b'"value":10,' in one(edge, "integer").body


@pytest.mark.parametrize("key", [key for key, _ in ANSWERS])
def test_disabled_stands_where_there_is_no_value_and_nowhere_else(edge: Edge, key: str) -> None:
    found = one(edge, key).json()
    assert (found["reason"] == "DISABLED") == ("value" not in found)
    assert found.get("value", 0) is not None
    assert isinstance(found["variant"], str)


def test_native_reasons_stand_in_the_metadata(edge: Edge) -> None:
    found = one(edge, "targeted", plan="pro").json()
    assert found["reason"] == "TARGETING_MATCH"
    assert found["metadata"] == {
        "team": "growth",
        "tier": 2,
        "ratio": 0.5,
        "beta": True,
        "burgee.reason": "rule_match",
        "burgee.rule": "pro",
    }


def test_reasons_of_splits_and_overrides(edge: Edge) -> None:
    assert one(edge, "half", targetingKey="u1").json()["reason"] == "SPLIT"
    pinned = one(edge, "pinned", targetingKey="vip").json()
    assert (pinned["value"], pinned["reason"]) == (True, "TARGETING_MATCH")
    metadata = pinned["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["burgee.reason"] == "override"


def test_a_missing_targeting_key_is_an_error_of_that_flag_alone(edge: Edge) -> None:
    single = one(edge, "half")
    assert single.status == 400
    assert single.json().keys() == {"key", "errorCode", "errorDetails"}
    assert single.json()["errorCode"] == "TARGETING_KEY_MISSING"
    bulk = edge.post(ALL)
    assert bulk.status == 200
    [failed] = [item for item in flags(bulk) if "errorCode" in item]
    assert failed == {**single.json()}


@pytest.mark.parametrize("key", ["nope", "a%2Fb", "a/b", "%E2%82%AC", "a%3Fb", "..%2Fx", "a%2525"])
def test_an_unknown_flag_is_404_with_the_key_decoded_once(edge: Edge, key: str) -> None:
    answer = one(edge, key)
    assert answer.status == 404
    found = answer.json()
    assert found["errorCode"] == "FLAG_NOT_FOUND"
    decoded = key.replace("%2F", "/").replace("%E2%82%AC", "€").replace("%3F", "?")
    assert found["key"] == decoded.replace("%25", "%", 1)


@pytest.mark.parametrize("key", ["string.nested", "string%2Enested"])
def test_keys_may_come_encoded_or_not(edge: Edge, key: str) -> None:
    assert one(edge, key).json()["value"] == "hi"


@pytest.mark.parametrize("path", ["//ofrep/v1/evaluate/flags", "/ofrep//v1///evaluate/flags"])
def test_repeated_slashes_are_one_and_nothing_redirects(edge: Edge, path: str) -> None:
    assert edge.post(path).status == 200
    assert one(edge, "integer").json() == edge.post(f"{path}//integer").json()


@pytest.mark.parametrize("path", [ALL + "/", "/ofrep/v1/evaluate", "/ofrep", "/ofrep/v1/"])
def test_no_page_of_a_framework_leaves(edge: Edge, path: str) -> None:
    answer = edge.post(path)
    assert answer.status == 404
    assert "location" not in answer.headers
    assert answer.json()["errorCode"] in ("FLAG_NOT_FOUND", "GENERAL")
    assert answer.json()["errorDetails"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_405_in_json(edge: Edge, method: str) -> None:
    answer = edge.ask(method, ONE.format("integer"), None)
    assert answer.status == 405
    assert answer.json()["errorCode"] == "GENERAL"
    assert answer.json()["key"] == "integer"


def test_an_offer_of_h2c_does_not_cost_the_body(edge: Edge) -> None:
    body = b'{"context":{"plan":"pro"}}'
    head = (
        f"POST {ONE.format('targeted')} HTTP/1.1\r\nHost: localhost\r\nX-Tenant-ID: acme\r\n"
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAI\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with Wire(edge.port) as wire:
        wire.send(head.encode() + body)
        answer = wire.answer()
    assert answer.status == 200
    assert answer.json()["value"] is True


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "text/plain", ""]
)
def test_the_content_type_does_not_matter(edge: Edge, kind: str) -> None:
    assert edge.post(ALL, Content_Type=kind).status == 200


def test_nothing_is_compressed(edge: Edge) -> None:
    answer = edge.post(ALL, Accept_Encoding="gzip, br, deflate")
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("number", ["18", "18.0", "1.8e1"])
def test_numbers_go_by_value(edge: Edge, number: str) -> None:
    plain = edge.post(ALL, '{"context":{"targetingKey":18}}')
    spelled = edge.post(ALL, f'{{"context":{{"targetingKey":{number}}}}}')
    assert spelled.body == plain.body
    assert spelled.headers["etag"] == plain.headers["etag"]


def flags(answer: Answer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer.body)["flags"]
    return found


def test_bulk_holds_what_single_answers(edge: Edge) -> None:
    context = {"targetingKey": "u1", "plan": "pro"}
    bulk = edge.post(ALL, {"context": context})
    assert [item["key"] for item in flags(bulk)] == sorted(ACME.flags)
    for item in flags(bulk):
        assert item == one(edge, item["key"], **context).json()
    assert set(json.loads(bulk.body)) == {"flags"}  # no event streams that nobody holds


def test_bodies_are_deterministic(edge: Edge) -> None:
    bodies = {edge.post(ALL, {"context": {"targetingKey": "u1"}}).body for _ in range(5)}
    assert len(bodies) == 1


def test_an_etag_is_confirmed_only_for_the_same_answers(edge: Edge) -> None:
    first = edge.post(ALL, {"context": {"targetingKey": "u1", "plan": "free"}})
    tag = first.headers["etag"]
    again = {"targetingKey": "u1", "plan": "free", "unread": 1}
    same = edge.post(ALL, {"context": again}, If_None_Match=tag)
    assert (same.status, same.body) == (304, b"")
    assert same.headers["etag"] == tag
    # What the web client does when an attribute changes: the old tag, the new context.
    other = edge.post(ALL, {"context": {"targetingKey": "u1", "plan": "pro"}}, If_None_Match=tag)
    assert other.status == 200
    assert other.headers["etag"] != tag
    assert other.body != first.body


@pytest.mark.parametrize(
    ("pattern", "status"),
    [
        ("{}", 304),
        ("W/{}", 304),
        ('"x", {}', 304),
        ('"x",W/{} , "y"', 304),
        ("*", 304),
        ('"x"', 200),
        ("x", 200),
        ('"{}"', 200),
    ],
)
def test_if_none_match_is_compared_as_rfc_9110_says(edge: Edge, pattern: str, status: int) -> None:
    tag = edge.post(ALL).headers["etag"]
    given = tag[1:-1].upper() if pattern == '"{}"' else tag
    assert edge.post(ALL, If_None_Match=pattern.format(given)).status == status


def test_another_configuration_than_the_one_served_gives_a_body(edge: Edge) -> None:
    tag = edge.post(ALL).headers["etag"]
    manifest = edge.get("/v1/set/production/acme/manifest.json").headers["etag"].strip('"')

    def ask(query: str) -> int:
        return edge.post(f"{ALL}?{query}", If_None_Match=tag).status

    assert ask("flagConfigEtag=elsewhere") == 200
    assert ask(f"flagConfigEtag={manifest}") == 304
    assert ask(f"flagConfigEtag=%22{manifest}%22") == 304
    assert ask("flagConfigLastModified=1771622898") == 304
    assert ask("flagConfigLastModified=2026-02-20T21%3A28%3A18Z&unknown=1") == 304


CROSS_ORIGIN = [
    ("POST", ONE.format("integer"), "{}", 200),
    ("POST", ONE.format("nope"), "{}", 404),
    ("POST", ALL, "{", 400),
    ("GET", ALL, None, 405),
]


def test_pages_read_every_answer(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    path = clients_file(tmp_path, web={"browser": True})
    with running_edge(tmp_path, clients=path) as edge:
        given = {"Origin": "https://shop.example", "X_API_Key": "key-of-web"}
        tag = edge.post(ALL, **given).headers["etag"]
        answers = [
            (edge.ask(method, target, None if body is None else body.encode(), **given), status)
            for method, target, body, status in CROSS_ORIGIN
        ]
        answers.append((edge.post(ALL, If_None_Match=tag, **given), 304))
        answers.append((edge.post(ALL, Origin="https://shop.example"), 401))
        preflight = edge.ask(
            "OPTIONS",
            ALL,
            None,
            Origin="https://shop.example",
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="content-type,if-none-match,x-tenant-id",
        )
    for answer, status in answers:
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"].lower()
        assert "etag" in exposed
        assert "retry-after" in exposed
    assert preflight.status == 204
    allowed = preflight.headers["access-control-allow-headers"]
    assert {"content-type", "if-none-match", "authorization", "x-api-key"} <= set(
        allowed.split(", ")
    )


def test_too_many_requests_are_told_in_whole_seconds(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    path = clients_file(tmp_path, slow={"rate": {"per_second": 0.5, "burst": 1}})
    with running_edge(tmp_path, clients=path) as edge:
        assert edge.post(ALL, X_API_Key="key-of-slow").status == 200
        answer = edge.post(ONE.format("integer"), X_API_Key="key-of-slow")
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["errorDetails"]


@pytest.mark.parametrize("path", [ALL, "//ofrep/v1/evaluate/flags"])
def test_a_request_that_waits_counts_once(tmp_path: Path, path: str) -> None:
    """The first look at many flags is taken by a thread, and the request is handled anew."""
    many = TenantParts({f"flag-{number}": flag("on") for number in range(300)})
    write_environment(tmp_path, {"acme": many})
    clients = clients_file(tmp_path, slow={"rate": {"per_second": 0.001, "burst": 2}})
    with running_edge(tmp_path, clients=clients) as edge:
        statuses = [edge.post(path, X_API_Key="key-of-slow").status for _ in range(3)]
    assert statuses == [200, 200, 429]


@pytest.mark.parametrize("path", [ONE.format("integer"), ALL, "//ofrep/v1/evaluate/flags"])
def test_before_the_first_snapshot_it_is_503(tmp_path: Path, path: str) -> None:
    with running_edge(tmp_path / "nothing") as edge:
        answer = edge.post(path)
        assert answer.status == 503
        assert answer.json()["errorCode"] == "GENERAL"
        assert answer.headers["retry-after"] == "1"
        assert edge.get("/healthz").status == 200
        assert edge.get("/readyz").status == 503
        for native in ("/v1/evaluate", "/v1/evaluate/all", "/v1/evaluate/preview"):
            assert edge.post(native).status == 503
        for users in ("/v1/users/u/flags", "/v1/users/u/flags/a"):
            assert edge.get(users).status == 503


def test_a_token_of_one_tenant_need_not_name_it(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME, "globex": GLOBEX})
    path = clients_file(tmp_path, a={}, b={"tenants": ["acme", "globex"]}, c={"tenants": ["*"]})
    with running_edge(tmp_path, clients=path) as edge:
        statuses = [
            edge.post(ALL, X_Tenant_ID="", Authorization=f"Bearer key-of-{name}").status
            for name in "abc"
        ]
    assert statuses == [200, 400, 400]
