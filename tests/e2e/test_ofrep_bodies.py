"""Promise: every body of every OFREP path is as the protocol's OpenAPI says, errors too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.edge import clients_file
from support.edge_process import EdgeProcess, edge_process
from support.ofrep_schema import BULK, SINGLE, problems
from support.process import ROOT
from support.wire import Answer, Wire

_TENANTS = ("acme", "openfeature-spec", "otel-demo")
_ENVIRONMENTS = ("development", "staging", "production")
_PATH = "/ofrep/v1/evaluate/flags"
_VENDORED = Path(__file__).parent / "data" / "ofrep-openapi.yaml"
_ORIGINAL = ROOT.parent / "shared" / "cases" / "ofrep-protocol" / "service" / "openapi.yaml"

# Between them they reach every rule of flags-repo that does not hang on the time.
CONTEXTS: list[dict[str, Any]] = [
    {},
    {"targetingKey": "user-1"},
    {"targetingKey": "synthetic-probe", "country": "DE", "plan": "enterprise", "beta": True},
    {"targetingKey": "u-7", "email": "ballmer@macrosoft.com", "age": 21, "student": True},
    {"targetingKey": 4711, "cart": {"weight_kg": 31, "items": 1, "destination": "store"}},
    {"targetingKey": "ü", "locale": "de-DE", "interests": ["books"], "orders": {"count": 0}},
    {"targetingKey": None, "device": {"type": "Phone"}, "app": {"version": "3.12.1"}},
]


@pytest.fixture(scope="module", params=_ENVIRONMENTS)
def served(request: pytest.FixtureRequest, dist: Path) -> Iterator[EdgeProcess]:
    """A node of each environment: flags differ between them."""
    with edge_process(dist, environment=request.param) as found:
        yield found


@pytest.mark.parametrize("tenant", _TENANTS)
def test_every_flag_single_and_in_bulk(served: EdgeProcess, tenant: str) -> None:
    seen: set[str] = set()
    node = served.named(x_tenant_id=tenant)
    with Wire(node.port) as wire:
        for context in CONTEXTS:
            body = {"context": context}
            bulk = node.send_on(wire, "POST", _PATH, body)
            assert (bulk.status, problems(BULK, bulk)) == (200, [])
            items = json.loads(bulk.body)["flags"]
            assert [item["key"] for item in items] == sorted(item["key"] for item in items)
            for item in items:
                single = node.send_on(wire, "POST", f"{_PATH}/{item['key']}", body)
                assert problems(SINGLE, single) == [], single
                assert single.json() == item
                assert single.status == (400 if "errorCode" in item else 200)
                seen.add(item.get("errorCode") or item["reason"])
    kinds = {"STATIC", "TARGETING_MATCH", "DISABLED"}
    assert seen >= (kinds | {"SPLIT", "TARGETING_KEY_MISSING"} if tenant == "acme" else {"STATIC"})


def _deep(depth: int) -> bytes:
    return b'{"context":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)


# what is sent -> status, errorCode; the same for one flag and for all
BAD_BODIES = [
    (b"{", 400, "PARSE_ERROR"),
    (b"nonsense", 400, "PARSE_ERROR"),
    (b" ", 400, "PARSE_ERROR"),
    (b'{"context":{}}x', 400, "PARSE_ERROR"),
    (b'{"context":{"a":NaN}}', 400, "PARSE_ERROR"),
    (b'{"context":{"a":1e999}}', 400, "PARSE_ERROR"),
    (b'{"context":{"a":"\xff"}}', 400, "PARSE_ERROR"),
    (b'{"context":{"a":' + b"9" * 5_000 + b"}}", 400, "PARSE_ERROR"),
    (b"[]", 400, "INVALID_CONTEXT"),
    (b"1", 400, "INVALID_CONTEXT"),
    (b"null", 400, "INVALID_CONTEXT"),
    (b'{"context":null}', 400, "INVALID_CONTEXT"),
    (b'{"context":[]}', 400, "INVALID_CONTEXT"),
    (b'{"context":"u-1"}', 400, "INVALID_CONTEXT"),
    (_deep(33), 400, "INVALID_CONTEXT"),
    (_deep(100_000 // 8), 400, "INVALID_CONTEXT"),
    (b'{"context":{"a":[' + b"1," * 10_001 + b"1]}}", 400, "INVALID_CONTEXT"),
    (b" " * (256 * 1024 + 1), 413, "GENERAL"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_bad_bodies(spec: EdgeProcess, body: bytes, status: int, code: str) -> None:
    for path, target in ((BULK, _PATH), (SINGLE, f"{_PATH}/boolean-flag")):
        answer = spec.send("POST", target, body)
        _expect(answer, path, status, code)
        assert ("key" in answer.json()) == (path == SINGLE)


@pytest.mark.parametrize("body", [b"", b" {}", b"{}", b'{"context":{}}', b'{"other":1}'])
def test_no_context_is_an_empty_one(spec: EdgeProcess, body: bytes) -> None:
    for path, target in ((BULK, _PATH), (SINGLE, f"{_PATH}/boolean-flag")):
        answer = spec.send("POST", target, body)
        assert (answer.status, problems(path, answer)) == (200, [])


KEYS = [
    "no-such-flag",
    "a/b",
    "a%2Fb",
    "..",
    "%2e%2e",
    "a?b",
    "%00",
    "%F0%9F%98%80",
    "a%20b",
    "x" * 300,
]


@pytest.mark.parametrize("key", KEYS)
def test_unknown_keys(spec: EdgeProcess, key: str) -> None:
    answer = spec.ofrep(key)
    _expect(answer, SINGLE, 404, "FLAG_NOT_FOUND")
    assert answer.json()["key"]


def test_the_key_is_decoded_once(spec: EdgeProcess) -> None:
    assert spec.ofrep("boolean%2Dflag").json()["value"] is True
    assert spec.ofrep("boolean%252Dflag").status == 404
    assert spec.ofrep("a%2Fb").json()["key"] == spec.ofrep("a/b").json()["key"] == "a/b"


@pytest.mark.parametrize("path", ["//ofrep/v1/evaluate/flags", "/ofrep//v1///evaluate/flags"])
def test_repeated_slashes_are_one(spec: EdgeProcess, path: str) -> None:
    assert spec.post(path, {}).body == spec.bulk().body
    assert spec.post(path + "//boolean-flag", {}).body == spec.ofrep("boolean-flag").body


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", _PATH, 405),
        ("PUT", _PATH, 405),
        ("GET", f"{_PATH}/boolean-flag", 405),
        ("DELETE", f"{_PATH}/boolean-flag", 405),
        ("POST", "/ofrep/v1/evaluate", 404),
        ("POST", "/ofrep/v1/configuration", 404),
        ("POST", "/ofrep/v2/evaluate/flags", 404),
        ("POST", "/ofrep", 404),
        ("POST", "/ofrep/v1/evaluate/flags/", 404),
    ],
)
def test_other_methods_and_paths(spec: EdgeProcess, method: str, target: str, status: int) -> None:
    answer = spec.send(method, target, {} if method != "GET" else None)
    assert answer.status == status
    assert problems(BULK, answer) == []
    assert "location" not in answer.headers


def test_not_modified_has_no_body(spec: EdgeProcess) -> None:
    first = spec.bulk()
    again = spec.bulk(if_none_match=first.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])


def test_a_tenant_must_be_named(node: EdgeProcess) -> None:
    _expect(node.bulk(), BULK, 400, "GENERAL")
    _expect(node.ofrep("boolean-flag"), SINGLE, 400, "GENERAL")
    _expect(node.ofrep("boolean-flag", x_tenant_id="a/b"), SINGLE, 400, "GENERAL")


def test_before_the_first_snapshot(tmp_path: Path) -> None:
    with edge_process(tmp_path) as empty:
        for path, answer in (
            (BULK, empty.bulk(x_tenant_id="acme")),
            (SINGLE, empty.ofrep("x", x_tenant_id="acme")),
        ):
            _expect(answer, path, 503, "GENERAL")
            assert int(answer.headers["retry-after"]) >= 1


def test_who_may_not(dist: Path, tmp_path: Path) -> None:
    tenants = {"tenants": ["otel-demo"]}
    clients = clients_file(tmp_path, app=tenants, slow={**tenants, "rate": 0.001})
    with edge_process(dist, "--clients", str(clients)) as node:
        app, slow = node.named(x_api_key="key-of-app"), node.named(x_api_key="key-of-slow")
        assert (app.bulk().status, slow.bulk().status) == (200, 200)
        for path, target in ((BULK, _PATH), (SINGLE, f"{_PATH}/adFailure")):
            unknown = node.post(target, {})
            _expect(unknown, path, 401, "GENERAL")
            assert unknown.headers["www-authenticate"].startswith("Bearer")
            _expect(app.post(target, {}, x_tenant_id="acme"), path, 403, "GENERAL")
            often = slow.post(target, {})
            _expect(often, path, 429, "GENERAL")
            assert int(often.headers["retry-after"]) >= 1


def test_nothing_is_compressed_that_was_not_asked_for(acme: EdgeProcess) -> None:
    assert "content-encoding" not in acme.bulk().headers


@pytest.mark.parametrize("spelling", ["18", "18.0", "1.8e1"])
def test_a_number_is_its_value(spec: EdgeProcess, spelling: str) -> None:
    """Clients in different languages write the same number differently."""
    plain = spec.send("POST", _PATH, b'{"context":{"age":18}}')
    other = spec.send("POST", _PATH, b'{"context":{"age":%s}}' % spelling.encode())
    assert (other.headers["etag"], other.body) == (plain.headers["etag"], plain.body)


def test_an_offer_to_upgrade_loses_no_body(spec: EdgeProcess) -> None:
    """As every Java client sends it."""
    headers = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    }
    context = {"email": "ballmer@macrosoft.com"}
    found = spec.send("POST", f"{_PATH}/string-targeted-zero-flag", {"context": context}, headers)
    assert (found.status, found.json()["reason"]) == (200, "TARGETING_MATCH")


def _expect(answer: Answer, path: str, status: int, code: str) -> None:
    assert (answer.status, answer.json()["errorCode"]) == (status, code), answer
    assert problems(path, answer) == [], answer


@pytest.mark.skipif(not _ORIGINAL.exists(), reason="the original is not beside this clone")
def test_the_document_is_the_original() -> None:
    assert _VENDORED.read_bytes() == _ORIGINAL.read_bytes()


FAULTY: list[tuple[str, dict[str, Any]]] = [
    (SINGLE, {"key": "a", "reason": "OVERRIDE", "variant": "on", "value": True}),
    (SINGLE, {"key": "a", "reason": "STATIC", "variant": 1, "value": True}),
    (SINGLE, {"key": "a", "reason": "STATIC", "variant": "on"}),
    (SINGLE, {"key": "a", "reason": "DISABLED", "variant": "on", "value": True}),
    (SINGLE, {"reason": "STATIC", "variant": "on", "value": True}),
    (SINGLE, {"key": "a", "reason": "STATIC", "variant": "", "value": 1, "metadata": {"x": None}}),
    (BULK, {"flags": [{"key": "a", "reason": "STATIC", "variant": "on", "value": None}]}),
    (BULK, {"flags": [{"key": "a", "errorCode": "NO_SUCH"}]}),
    (BULK, {}),
]


@pytest.mark.parametrize(("path", "body"), FAULTY, ids=range(len(FAULTY)))
def test_the_judge_finds_faults(path: str, body: dict[str, Any]) -> None:
    headers = {"content-type": "application/json"}
    assert problems(path, Answer(200, headers, json.dumps(body).encode()))
