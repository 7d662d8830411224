"""Promise: OpenFeature's Python provider, as published, gets from our node what the flags say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails

from support.edge import clients_file
from support.edge_process import EdgeProcess, edge_process

_TEMPLATE = {"showImages": True, "title": "Check out these pics!", "imagesPerPage": 100}
_BALLMER = {"email": "ballmer@macrosoft.com"}

Given = dict[str, Any]


class Clients:
    """Clients of the SDK, each with a provider of its own, ended together."""

    def __init__(self) -> None:
        self._providers: list[OFREPProvider] = []

    def at(self, url: str, headers: dict[str, str]) -> OpenFeatureClient:
        domain = f"client-{len(self._providers)}"
        provider = OFREPProvider(url, headers_factory=lambda: headers)
        self._providers.append(provider)
        api.set_provider(provider, domain)
        return api.get_client(domain)

    def of(self, node: EdgeProcess) -> OpenFeatureClient:
        return self.at(node.url, dict(node.headers))

    def end(self) -> None:
        api.clear_providers()
        for provider in self._providers:
            provider.session.close()


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    found = Clients()
    yield found
    found.end()


def _ask(
    client: OpenFeatureClient, kind: str, key: str, default: Any, context: Given | None = None
) -> FlagEvaluationDetails[Any]:
    given = dict(context or {})
    user = given.pop("targetingKey", None)
    ask = getattr(client, f"get_{kind}_details")
    found: FlagEvaluationDetails[Any] = ask(key, default, EvaluationContext(user, given))
    return found


# tenant, kind, key, the caller's default, context -> value, variant, reason
ANSWERS = [
    ("openfeature-spec", "boolean", "boolean-flag", False, {}, True, "on", "STATIC"),
    ("openfeature-spec", "string", "string-flag", "x", {}, "hi", "greeting", "STATIC"),
    ("openfeature-spec", "integer", "integer-flag", 1, {}, 10, "ten", "STATIC"),
    ("openfeature-spec", "float", "float-flag", 9.0, {}, 0.5, "half", "STATIC"),
    ("openfeature-spec", "object", "object-flag", {}, {}, _TEMPLATE, "template", "STATIC"),
    # zero values are values
    ("openfeature-spec", "boolean", "boolean-zero-flag", True, {}, False, "zero", "STATIC"),
    ("openfeature-spec", "string", "string-zero-flag", "x", {}, "", "zero", "STATIC"),
    ("openfeature-spec", "integer", "integer-zero-flag", 1, {}, 0, "zero", "STATIC"),
    ("openfeature-spec", "float", "float-zero-flag", 9.0, {}, 0.0, "zero", "STATIC"),
    ("openfeature-spec", "object", "object-zero-flag", {"a": 1}, {}, {}, "zero", "STATIC"),
    # targeted
    *(
        ("openfeature-spec", kind, f"{kind}-targeted-zero-flag", default, _BALLMER, zero, "zero",
         "TARGETING_MATCH")
        for kind, default, zero in (
            ("boolean", True, False),
            ("string", "x", ""),
            ("integer", 1, 0),
            ("float", 9.0, 0.0),
            ("object", {"a": 1}, {}),
        )
    ),
    ("acme", "object", "shipping.carriers", [], {}, ["post"], "post", "STATIC"),
    ("acme", "object", "shipping.carriers", [], {"cart": {"weight_kg": 31}}, ["schenker"],
     "freight", "TARGETING_MATCH"),
    ("acme", "object", "shipping.carriers", ["x"], {"cart": {"destination": "store"}}, [],
     "pick-up", "TARGETING_MATCH"),
    # a whole number of a number flag is a float to a client that looks
    ("acme", "float", "shipping.free-threshold", 9.5, {"cart": {"weight_kg": 31}}, 150.0, "bulky",
     "TARGETING_MATCH"),
    ("acme", "float", "shipping.free-threshold", 9.5, {"cart": {"weight_kg": 0.1}}, 0.0, "zero",
     "TARGETING_MATCH"),
    ("acme", "boolean", "platform.read-only", False, {"targetingKey": "synthetic-probe"}, True,
     "on", "TARGETING_MATCH"),
    ("otel-demo", "float", "paymentFailure", 9.0, {}, 0.0, "off", "STATIC"),
    ("otel-demo", "integer", "imageSlowLoad", 9, {}, 0, "off", "STATIC"),
]  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case[2]}-{case[6]}")
def test_every_type(node: EdgeProcess, clients: Clients, case: tuple[Any, ...]) -> None:
    tenant, kind, key, default, context, value, variant, reason = case
    client = clients.of(node.named(x_tenant_id=tenant))
    found = _ask(client, kind, key, default, context)
    assert found.error_code is None, found.error_message
    assert (type(found.value), found.value) == (type(value), value)
    assert (found.variant, found.reason) == (variant, reason)


def test_a_split_names_its_reason_and_keeps_its_user(acme: EdgeProcess, clients: Clients) -> None:
    client = clients.of(acme)
    found = [
        _ask(client, "string", "search.ranking", "x", {"targetingKey": "user-1"}) for _ in range(3)
    ]
    assert {each.reason for each in found} == {"SPLIT"}
    assert len({(each.variant, each.value) for each in found}) == 1


# No answer of ours carries a value here: the app has its own.
CALLERS_DEFAULT = [
    ("boolean", "boolean-disabled-flag", True, "app-own"),
    ("boolean", "null-default-flag", True, "app-own"),
    ("string", "string-disabled-flag", "mine", ""),
    ("integer", "integer-disabled-flag", 4, ""),
    ("integer", "undefined-default-flag", 4, "app-own"),
    ("float", "float-disabled-flag", 0.25, ""),
    ("object", "object-disabled-flag", {"mine": [1]}, ""),
]


@pytest.mark.parametrize(("kind", "key", "default", "variant"), CALLERS_DEFAULT)
def test_disabled_gives_the_callers_default_and_is_no_error(
    spec: EdgeProcess, clients: Clients, kind: str, key: str, default: Any, variant: str
) -> None:
    found = _ask(clients.of(spec), kind, key, default)
    assert found.error_code is None, found.error_message
    assert (found.value, found.variant, found.reason) == (default, variant, "DISABLED")


# tenant, kind, key, the caller's default, context -> error
DEEP: Given = {}
for _ in range(40):
    DEEP = {"deeper": DEEP}
ERRORS = [
    ("openfeature-spec", "string", "no-such-flag", "x", {}, ErrorCode.FLAG_NOT_FOUND),
    ("openfeature-spec", "boolean", "Boolean-Flag", True, {}, ErrorCode.FLAG_NOT_FOUND),
    ("acme", "boolean", "boolean-flag", True, {}, ErrorCode.FLAG_NOT_FOUND),
    ("no-such-tenant", "boolean", "boolean-flag", True, {}, ErrorCode.FLAG_NOT_FOUND),
    # keys that this provider does not encode
    ("openfeature-spec", "boolean", "a/b", True, {}, ErrorCode.FLAG_NOT_FOUND),
    ("openfeature-spec", "boolean", "Ünïcode", True, {}, ErrorCode.FLAG_NOT_FOUND),
    ("openfeature-spec", "boolean", "../x", True, {}, ErrorCode.FLAG_NOT_FOUND),
    # what was asked for is of another type; neither 10 nor 0.5 is bent into the other
    ("openfeature-spec", "integer", "wrong-flag", 1, {}, ErrorCode.TYPE_MISMATCH),
    ("openfeature-spec", "float", "integer-flag", 1.5, {}, ErrorCode.TYPE_MISMATCH),
    ("openfeature-spec", "integer", "float-zero-flag", 1, {}, ErrorCode.TYPE_MISMATCH),
    ("openfeature-spec", "string", "boolean-flag", "x", {}, ErrorCode.TYPE_MISMATCH),
    ("openfeature-spec", "object", "string-flag", {}, {}, ErrorCode.TYPE_MISMATCH),
    ("acme", "string", "search.ranking", "x", {}, ErrorCode.TARGETING_KEY_MISSING),
    ("acme", "string", "search.ranking", "x", {"targetingKey": ""},
     ErrorCode.TARGETING_KEY_MISSING),
    ("acme", "string", "search.ranking", "x", DEEP, ErrorCode.INVALID_CONTEXT),
    ("", "boolean", "boolean-flag", True, {}, ErrorCode.GENERAL),
]  # fmt: skip


@pytest.mark.parametrize(("tenant", "kind", "key", "default", "context", "code"), ERRORS)
def test_every_error_gives_the_callers_default(
    node: EdgeProcess,
    clients: Clients,
    tenant: str,
    kind: str,
    key: str,
    default: Any,
    context: Given,
    code: ErrorCode,
) -> None:
    client = clients.of(node.named(x_tenant_id=tenant) if tenant else node)
    found = _ask(client, kind, key, default, context)
    assert (found.error_code, found.reason, found.value) == (code, "ERROR", default)
    assert found.error_message


def test_metadata_of_every_type(spec: EdgeProcess, clients: Clients) -> None:
    found = _ask(clients.of(spec), "boolean", "metadata-flag", False)
    assert found.flag_metadata == {
        "string": "1.0.2",
        "integer": 2,
        "boolean": True,
        "float": 0.1,
        "burgee.reason": "default",
    }


def test_metadata_says_which_rule(acme: EdgeProcess, clients: Clients) -> None:
    context = {"cart": {"weight_kg": 31}}
    found = _ask(clients.of(acme), "object", "shipping.carriers", [], context)
    assert found.flag_metadata["burgee.reason"] == "rule_match"
    assert found.flag_metadata["burgee.rule"] == "freight"


def test_no_context_at_all(spec: EdgeProcess) -> None:
    """Called without the SDK, the provider sends `{}`: no `context` in it."""
    provider = OFREPProvider(spec.url, headers_factory=lambda: dict(spec.headers))
    try:
        assert provider.resolve_boolean_details("boolean-flag", False).value is True
    finally:
        provider.session.close()


@pytest.mark.parametrize("ending", ["/", "//"])
def test_a_base_url_may_end_in_slashes(spec: EdgeProcess, clients: Clients, ending: str) -> None:
    client = clients.at(spec.url + ending, dict(spec.headers))
    assert _ask(client, "integer", "integer-flag", 1).value == 10


def test_before_the_first_snapshot_apps_have_their_defaults(
    tmp_path: Path, clients: Clients
) -> None:
    with edge_process(tmp_path) as empty:
        found = _ask(clients.of(empty.named(x_tenant_id="acme")), "integer", "x", 4)
        assert (found.value, found.error_code) == (4, ErrorCode.GENERAL)
        assert json.loads(found.error_message or "")["errorCode"] == "GENERAL"
        assert empty.get("/readyz").status == 503
        assert empty.get("/healthz").status == 200


@pytest.fixture(scope="module")
def guarded(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeProcess]:
    """A node that lets in clients with keys."""
    clients = clients_file(
        tmp_path_factory.mktemp("clients"),
        app={"tenants": ["openfeature-spec"]},
        both={"tenants": ["openfeature-spec", "acme"]},
        slow={"tenants": ["openfeature-spec"], "rate": 0.001},
    )
    with edge_process(dist, "--clients", str(clients)) as found:
        yield found


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer key-of-app"}, {"X-API-Key": "key-of-app"}]
)
def test_a_key_of_one_tenant_implies_it(
    guarded: EdgeProcess, clients: Clients, headers: dict[str, str]
) -> None:
    assert _ask(clients.at(guarded.url, headers), "integer", "integer-flag", 1).value == 10


def test_a_key_of_several_tenants_names_one(guarded: EdgeProcess, clients: Clients) -> None:
    bearer = {"Authorization": "Bearer key-of-both"}
    assert _ask(clients.at(guarded.url, bearer), "integer", "integer-flag", 1).value == 1
    named = {**bearer, "X-Tenant-ID": "openfeature-spec"}
    assert _ask(clients.at(guarded.url, named), "integer", "integer-flag", 1).value == 10


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "unauthorized"),
        ({"Authorization": "Bearer wrong"}, "unauthorized"),
        ({"X-API-Key": "wrong"}, "unauthorized"),
        ({"X-API-Key": "key-of-app", "X-Tenant-ID": "acme"}, "forbidden"),
    ],
)
def test_who_may_not_has_the_default(
    guarded: EdgeProcess, clients: Clients, headers: dict[str, str], message: str
) -> None:
    found = _ask(clients.at(guarded.url, headers), "integer", "integer-flag", 1)
    assert (found.value, found.error_code) == (1, ErrorCode.GENERAL)
    assert found.error_message == message


def test_a_client_that_asks_too_often_pauses(guarded: EdgeProcess, clients: Clients) -> None:
    client = clients.at(guarded.url, {"X-API-Key": "key-of-slow"})
    first, second, third = (_ask(client, "integer", "integer-flag", 1) for _ in range(3))
    assert (first.value, second.value, third.value) == (10, 1, 1)
    assert (second.error_message or "").startswith("Rate limited, retry after: ")
    assert "paused due to TooManyRequests" in (third.error_message or "")  # and sent nothing
