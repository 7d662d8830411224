"""Every body that leaves an OFREP path is one that the protocol's own document describes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.edge import ACME, GLOBEX, Edge, clients_file, running_edge
from support.protocol import protocol_validator
from support.snapshots import write_environment

ALL = "/ofrep/v1/evaluate/flags"

# The protocol knows no lists as values, though all clients but one read them.
KEYS = sorted(key for key in ACME.flags if key != "list")


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    protocol_validator("evaluationSuccess")  # skips early
    source = tmp_path_factory.mktemp("dist")
    write_environment(source, {"acme": ACME, "globex": GLOBEX})
    path = clients_file(
        source, one={}, all={"tenants": ["*"]}, slow={"rate": {"per_second": 0.01, "burst": 1}}
    )
    with running_edge(source, clients=path) as edge:
        yield edge


def check(body: bytes, schema: str) -> None:
    errors = [error.message for error in protocol_validator(schema).iter_errors(json.loads(body))]
    assert errors == []


CONTEXTS: list[dict[str, Any]] = [
    {},
    {"targetingKey": "u1"},
    {"targetingKey": "vip", "plan": "pro"},
]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("key", KEYS)
def test_single(edge: Edge, key: str, context: dict[str, Any]) -> None:
    answer = edge.post(f"{ALL}/{key}", {"context": context}, X_API_Key="key-of-one")
    assert answer.status in (200, 400)
    check(answer.body, "serverEvaluationSuccess" if answer.status == 200 else "evaluationFailure")


@pytest.mark.parametrize("context", CONTEXTS)
def test_bulk(edge: Edge, context: dict[str, Any]) -> None:
    answer = edge.post(ALL, {"context": context}, X_API_Key="key-of-one")
    body = json.loads(answer.body)
    body["flags"] = [item for item in body["flags"] if item["key"] != "list"]
    check(json.dumps(body).encode(), "bulkEvaluationSuccess")


ERRORS = [
    (f"{ALL}/nope", "{}", 404, "flagNotFound"),
    (f"{ALL}/integer", "{", 400, "evaluationFailure"),
    (f"{ALL}/integer", "[]", 400, "evaluationFailure"),
    (f"{ALL}/integer", '{"context":null}', 400, "evaluationFailure"),
    (ALL, "{", 400, "bulkEvaluationFailure"),
    (ALL, '{"context":1}', 400, "bulkEvaluationFailure"),
]


@pytest.mark.parametrize(("path", "body", "status", "schema"), ERRORS)
def test_errors(edge: Edge, path: str, body: str, status: int, schema: str) -> None:
    answer = edge.post(path, body, X_API_Key="key-of-one")
    assert answer.status == status
    check(answer.body, schema)


# Nothing is said of these bodies; clients take them best where they look like the others.
OTHERS: list[tuple[str, dict[str, str], int]] = [
    ("", {}, 401),
    ("/integer", {}, 401),
    ("/integer", {"Authorization": "Bearer wrong"}, 401),
    ("/integer", {"X_API_Key": "key-of-one", "X_Tenant_ID": "globex"}, 403),
    ("", {"X_API_Key": "key-of-all", "X_Tenant_ID": ""}, 400),
    ("/integer", {"X_API_Key": "key-of-one", "X_Pad": "x" * 20_000}, 431),
]


@pytest.mark.parametrize(("path", "headers", "status"), OTHERS)
def test_other_statuses(edge: Edge, path: str, headers: dict[str, str], status: int) -> None:
    answer = edge.post(ALL + path, **headers)
    assert answer.status == status
    check(answer.body, "evaluationFailure" if path else "bulkEvaluationFailure")


def test_too_many_and_too_large(edge: Edge) -> None:
    edge.post(f"{ALL}/integer", X_API_Key="key-of-slow")
    slow = edge.post(f"{ALL}/integer", X_API_Key="key-of-slow")
    large = edge.post(f"{ALL}/integer", "x" * 300_000, X_API_Key="key-of-one")
    assert (slow.status, large.status) == (429, 413)
    check(slow.body, "evaluationFailure")
    check(large.body, "evaluationFailure")


def test_before_the_first_snapshot(tmp_path: Path) -> None:
    protocol_validator("evaluationFailure")
    with running_edge(tmp_path) as edge:
        check(edge.post(f"{ALL}/integer").body, "evaluationFailure")
        check(edge.post(ALL).body, "bulkEvaluationFailure")
