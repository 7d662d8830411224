"""Promise: OpenFeature's providers from npm, server and web, get from our node what the flags say,
and a page never keeps values of another context.
"""

from pathlib import Path
from typing import Any

import pytest

from support.edge import clients_file
from support.edge_process import EdgeProcess, edge_process
from support.node_packages import installed_packages, run_node

pytestmark = pytest.mark.npm

_HERE = Path(__file__).parent / "node"
_TEMPLATE = {"showImages": True, "title": "Check out these pics!", "imagesPerPage": 100}
_BALLMER = {"email": "ballmer@macrosoft.com"}

Json = dict[str, Any]


@pytest.fixture(scope="module")
def packages() -> Path:
    return installed_packages(_HERE)


def _server(packages: Path, node: EdgeProcess, *calls: Json) -> list[Json]:
    given = {"url": node.url, "headers": dict(node.headers), "calls": calls}
    return run_node(packages, _HERE / "server.mjs", given)


def _web(packages: Path, node: EdgeProcess, *steps: Json) -> list[Json]:
    given = {"url": node.url, "headers": dict(node.headers), "steps": steps}
    return run_node(packages, _HERE / "web.mjs", given)


def _call(kind: str, key: str, fallback: Any, context: Json | None = None) -> Json:
    return {"kind": kind, "key": key, "fallback": fallback, "context": context or {}}


def _ask(kind: str, key: str, fallback: Any) -> Json:
    return {"do": "ask", "kind": kind, "key": key, "fallback": fallback}


def _start(**context: Any) -> Json:
    return {"do": "start", "context": context}


def _context(**context: Any) -> Json:
    return {"do": "context", "context": context}


# kind, key, fallback -> value, variant, of flags that no context changes
TYPES = [
    ("boolean", "boolean-flag", False, True, "on"),
    ("string", "string-flag", "x", "hi", "greeting"),
    ("number", "integer-flag", 1, 10, "ten"),
    ("number", "float-flag", 1, 0.5, "half"),
    ("object", "object-flag", {}, _TEMPLATE, "template"),
    ("boolean", "boolean-zero-flag", True, False, "zero"),
    ("string", "string-zero-flag", "x", "", "zero"),
    ("number", "integer-zero-flag", 1, 0, "zero"),
    ("number", "float-zero-flag", 1, 0, "zero"),
    ("object", "object-zero-flag", {"a": 1}, {}, "zero"),
]
DISABLED = [
    ("boolean", "boolean-disabled-flag", True, "app-own"),
    ("string", "string-disabled-flag", "mine", ""),
    ("number", "integer-disabled-flag", 4, ""),
    ("number", "float-disabled-flag", 0.25, ""),
    ("object", "object-disabled-flag", {"mine": [1]}, ""),
    ("boolean", "null-default-flag", True, "app-own"),
]


def test_server_every_type(packages: Path, spec: EdgeProcess) -> None:
    found = _server(packages, spec, *(_call(*each[:3]) for each in TYPES))
    for details, (_, key, _, value, variant) in zip(found, TYPES, strict=True):
        assert "errorCode" not in details, details
        got = details["flagKey"], details["value"], details["variant"], details["reason"]
        assert got == (key, value, variant, "STATIC")


def test_server_context_and_metadata(packages: Path, spec: EdgeProcess) -> None:
    flagged = _call("string", "string-targeted-zero-flag", "x", _BALLMER)
    targeted, metadata = _server(packages, spec, flagged, _call("boolean", "metadata-flag", False))
    assert (targeted["value"], targeted["reason"]) == ("", "TARGETING_MATCH")
    assert targeted["flagMetadata"] == {"burgee.reason": "rule_match", "burgee.rule": "ballmer"}
    shown = {"string": "1.0.2", "integer": 2, "boolean": True, "float": 0.1}
    assert metadata["flagMetadata"] == {**shown, "burgee.reason": "default"}


def test_server_list_and_split(packages: Path, acme: EdgeProcess) -> None:
    user = {"targetingKey": "user-1"}
    carriers, ranking, missing = _server(
        packages,
        acme,
        _call("object", "shipping.carriers", [], {"cart": {"weight_kg": 31}}),
        _call("string", "search.ranking", "x", user),
        _call("string", "search.ranking", "x"),
    )
    assert (carriers["value"], carriers["reason"]) == (["schenker"], "TARGETING_MATCH")
    assert (ranking["reason"], ranking["value"]) == ("SPLIT", ranking["variant"])
    assert (missing["value"], missing["errorCode"]) == ("x", "TARGETING_KEY_MISSING")


def test_server_disabled_gives_the_callers_default(packages: Path, spec: EdgeProcess) -> None:
    """This old provider calls an answer without a value an error; the app is none the worse."""
    found = _server(packages, spec, *(_call(*each[:3]) for each in DISABLED))
    assert [details["value"] for details in found] == [each[2] for each in DISABLED]


# kind, key, fallback, tenant -> error
SERVER_ERRORS = [
    ("string", "no-such-flag", "x", "openfeature-spec", "FLAG_NOT_FOUND"),
    ("string", "a/b", "x", "openfeature-spec", "FLAG_NOT_FOUND"),
    ("string", "Ünïcode", "x", "openfeature-spec", "FLAG_NOT_FOUND"),
    ("string", "string-flag", "x", "no-such-tenant", "FLAG_NOT_FOUND"),
    ("number", "wrong-flag", 13, "openfeature-spec", "TYPE_MISMATCH"),
    ("string", "search.ranking", "x", "acme", "TARGETING_KEY_MISSING"),
]


@pytest.mark.parametrize(("kind", "key", "fallback", "tenant", "code"), SERVER_ERRORS)
def test_server_errors(
    packages: Path,
    node: EdgeProcess,
    kind: str,
    key: str,
    fallback: Any,
    tenant: str,
    code: str,
) -> None:
    named = node.named(x_tenant_id=tenant)
    (found,) = _server(packages, named, _call(kind, key, fallback))
    assert (found["value"], found["errorCode"], found["reason"]) == (fallback, code, "ERROR")


def test_server_base_url_with_a_slash(packages: Path, spec: EdgeProcess) -> None:
    slashed = EdgeProcess(spec.url + "/", spec.pid, spec.headers)
    (found,) = _server(packages, slashed, _call("number", "integer-flag", 1))
    assert found["value"] == 10


def test_keys_and_pauses(packages: Path, dist: Path, tmp_path: Path) -> None:
    tenants = {"tenants": ["openfeature-spec"]}
    clients = clients_file(tmp_path, app=tenants, slow={**tenants, "rate": 0.001})
    call, step = _call("number", "integer-flag", 1), _ask("number", "integer-flag", 1)
    with edge_process(dist, "--clients", str(clients)) as node:
        (good,) = _server(packages, node.named(authorization="Bearer key-of-app"), call)
        (bad,) = _server(packages, node.named(x_api_key="burgee_wrong"), call)
        first, second, third = _server(packages, node.named(x_api_key="key-of-slow"), *[call] * 3)
        started, asked = _web(packages, node.named(x_api_key="burgee_wrong"), _start(), step)
    assert (good["value"], bad["value"], bad["errorCode"]) == (10, 1, "GENERAL")
    assert (first["value"], second["value"], third["value"]) == (10, 1, 1)
    assert "paused due to TooManyRequests" in third["errorMessage"]
    assert (started["failed"], started["status"]) == ("PROVIDER_FATAL", "FATAL")
    assert asked["details"]["value"] == 1


def test_web_every_type(packages: Path, spec: EdgeProcess) -> None:
    started, *found = _web(
        packages, spec, _start(targetingKey="u-1"), *(_ask(*each[:3]) for each in TYPES)
    )
    assert started["status"] == "READY"
    assert [each["status"] for each in started["requests"]] == [200]
    for step, (_, key, _, value, variant) in zip(found, TYPES, strict=True):
        details = step["details"]
        assert "errorCode" not in details, details
        got = details["flagKey"], details["value"], details["variant"], details["reason"]
        assert got == (key, value, variant, "STATIC")
        assert step["requests"] == []  # all came at once


def test_web_disabled_gives_the_callers_default(packages: Path, spec: EdgeProcess) -> None:
    _, *found = _web(packages, spec, _start(), *(_ask(*each[:3]) for each in DISABLED))
    for step, (_, _, fallback, variant) in zip(found, DISABLED, strict=True):
        details = step["details"]
        assert "errorCode" not in details, details
        got = details["value"], details["variant"], details["reason"]
        assert got == (fallback, variant, "DISABLED")


def test_web_errors(packages: Path, spec: EdgeProcess, acme: EdgeProcess) -> None:
    asks = [_ask("string", "no-such-flag", "x"), _ask("number", "wrong-flag", 13)]
    _, missing, mismatch = _web(packages, spec, _start(), *asks)
    assert (missing["details"]["value"], missing["details"]["errorCode"]) == (
        "x",
        "FLAG_NOT_FOUND",
    )
    assert (mismatch["details"]["value"], mismatch["details"]["errorCode"]) == (
        13,
        "TYPE_MISMATCH",
    )
    # without a targeting key one flag errs, and the others are served all the same
    started, alone, other = _web(
        packages,
        acme,
        _start(),
        _ask("string", "search.ranking", "x"),
        _ask("object", "shipping.carriers", []),
    )
    assert started["status"] == "READY"
    assert alone["details"]["errorCode"] == "TARGETING_KEY_MISSING"
    assert (alone["details"]["value"], other["details"]["value"]) == ("x", ["post"])


def test_web_never_keeps_values_of_another_context(packages: Path, spec: EdgeProcess) -> None:
    """The client sends the ETag of one context along with the next: a 304 then would be wrong."""
    key = "context-aware"
    insider = {"fn": "Sulisław", "ln": "Świętopełk", "age": 29, "customer": False}
    ask = _ask("string", key, "x")
    found = _web(
        packages,
        spec,
        _start(targetingKey="u-1"),
        ask,
        _context(targetingKey="u-1", **insider),
        ask,
        _context(targetingKey="u-1", **{**insider, "age": 30}),
        ask,
        # no flag reads this: the same answer, known before it is made
        _context(targetingKey="u-1", **{**insider, "age": 30}, shoe_size=43),
        ask,
        # of another user the client asks without a tag
        _context(targetingKey="u-2", **insider),
        ask,
    )
    values = [step["details"]["value"] for step in found[1::2]]
    assert values == ["EXTERNAL", "INTERNAL", "EXTERNAL", "EXTERNAL", "INTERNAL"]
    (first,), (second,), (third,), (fourth,), (fifth,) = [step["requests"] for step in found[::2]]
    assert first["ifNoneMatch"] is None
    assert (second["ifNoneMatch"], second["status"]) == (first["etag"], 200)
    assert (third["ifNoneMatch"], third["status"]) == (second["etag"], 200)
    assert (fourth["ifNoneMatch"], fourth["status"]) == (third["etag"], 304)
    assert (fifth["ifNoneMatch"], fifth["status"]) == (None, 200)
    assert len({first["etag"], second["etag"], third["etag"]}) == 3
    assert fourth["etag"] == third["etag"]
    assert {step["status"] for step in found} == {"READY"}


def test_web_follows_the_targeting_key(packages: Path, acme: EdgeProcess) -> None:
    users = [f"user-{number}" for number in range(4)]
    steps = [_start(targetingKey=users[0]), _ask("string", "search.ranking", "x")]
    for user in users[1:]:
        steps += [_context(targetingKey=user), _ask("string", "search.ranking", "x")]
    found = [step["details"]["value"] for step in _web(packages, acme, *steps)[1::2]]
    single = [
        acme.ofrep("search.ranking", {"targetingKey": user}).json()["value"] for user in users
    ]
    assert found == single
    assert len(set(found)) > 1


def test_the_lock_names_no_host() -> None:
    text = (_HERE / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in text
    assert "http" not in text
