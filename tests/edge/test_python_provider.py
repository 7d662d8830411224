"""The official Python provider works against a node, unmodified: every type and every error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from support.edge import ACME, Edge, clients_file, running_edge
from support.snapshots import write_environment


@contextmanager
def connected(edge: Edge, domain: str, headers: dict[str, str]) -> Iterator[OpenFeatureClient]:
    # A slash too many in the URL, as people write it.
    url = f"http://127.0.0.1:{edge.port}/"
    provider = OFREPProvider(url, headers_factory=lambda: headers)
    api.set_provider_and_wait(provider, domain)
    yield api.get_client(domain)
    provider.session.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenFeatureClient]:
    source = tmp_path_factory.mktemp("dist")
    write_environment(source, {"acme": ACME})
    path = clients_file(source, app={})
    with (
        running_edge(source, clients=path) as edge,
        connected(edge, "app", {"Authorization": "Bearer key-of-app"}) as client,
    ):
        yield client


def context(key: str | None = "u1", **attributes: Any) -> EvaluationContext:
    return EvaluationContext(key, attributes)


def test_booleans(client: OpenFeatureClient) -> None:
    details = client.get_boolean_details("targeted", False, context(plan="pro"))
    assert (details.value, details.variant) == (True, "on")
    assert details.reason == Reason.TARGETING_MATCH
    assert details.flag_metadata["burgee.rule"] == "pro"


TYPES = [
    ("integer", 1, 10),
    ("zero", 1, 0),
    ("number", 0.25, 1.0),
    ("string.nested", "", "hi"),
    ("object", {}, {"steps": 3, "x": {"y": [1.0]}}),
    ("list", [], [1, "two"]),
]


@pytest.mark.parametrize(("key", "default", "value"), TYPES)
def test_types(client: OpenFeatureClient, key: str, default: Any, value: Any) -> None:
    kinds = {int: "integer", float: "float", str: "string"}
    ask = getattr(client, f"get_{kinds.get(type(default), 'object')}_details")
    details = ask(key, default, context())
    assert details.error_code is None
    assert (details.value, type(details.value)) == (value, type(value))
    assert details.reason == Reason.STATIC


@pytest.mark.parametrize(("key", "variant"), [("killed-none", ""), ("gone", "none")])
def test_no_value_leaves_the_default(client: OpenFeatureClient, key: str, variant: str) -> None:
    details = client.get_boolean_details(key, True, context())
    assert (details.value, details.variant) == (True, variant)
    assert details.reason == Reason.DISABLED
    assert details.error_code is None


def test_an_off_switch_turns_off(client: OpenFeatureClient) -> None:
    assert client.get_boolean_value("killed", True, context()) is False


def test_no_context(client: OpenFeatureClient) -> None:
    assert client.get_integer_value("integer", 1) == 10


ERRORS = [
    ("nope", context(), ErrorCode.FLAG_NOT_FOUND),
    ("half", context(None), ErrorCode.TARGETING_KEY_MISSING),
    ("half", None, ErrorCode.TARGETING_KEY_MISSING),
    ("integer", context(), ErrorCode.TYPE_MISMATCH),
]


@pytest.mark.parametrize(("key", "given", "code"), ERRORS)
def test_errors(
    client: OpenFeatureClient, key: str, given: EvaluationContext | None, code: ErrorCode
) -> None:
    details = client.get_boolean_details(key, True, given)
    assert (details.value, details.reason) == (True, Reason.ERROR)
    assert details.error_code == code
    assert details.error_message


def test_the_provider_alone_sends_no_context_at_all(client: OpenFeatureClient) -> None:
    provider = client.provider
    assert isinstance(provider, OFREPProvider)
    assert provider.resolve_integer_details("integer", 1).value == 10


REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("none", {}, "unauthorized"),
    ("wrong", {"Authorization": "Bearer wrong"}, "unauthorized"),
    ("other", {"X-API-Key": "key-of-app", "X-Tenant-ID": "globex"}, "forbidden"),
]


def test_a_refused_token_is_an_error_and_the_default(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with running_edge(tmp_path, clients=clients_file(tmp_path, app={})) as edge:
        for domain, headers, message in REFUSED:
            with connected(edge, domain, headers) as client:
                details = client.get_boolean_details("targeted", True, context())
            assert (details.value, details.error_code) == (True, ErrorCode.GENERAL)
            assert details.error_message == message


def test_too_many_requests_pause_the_provider(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    path = clients_file(tmp_path, app={"rate": {"per_second": 0.01, "burst": 1}})
    with (
        running_edge(tmp_path, clients=path) as edge,
        connected(edge, "slow", {"X-API-Key": "key-of-app"}) as client,
    ):
        assert client.get_integer_value("integer", 1) == 10
        client.get_integer_value("integer", 1)
        paused = client.get_integer_details("integer", 1)
    assert "paused" in (paused.error_message or "")
