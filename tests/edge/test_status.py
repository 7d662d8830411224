"""What a node tells of itself: to probes, to Prometheus, to people; and never a flag's name."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from burgee_edge.openapi import openapi
from support.edge import ACME, GLOBEX, Edge, clients_file, handlers, running_edge
from support.snapshots import write_environment
from support.waiting import until
from support.wire import ask, running


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    source = tmp_path_factory.mktemp("dist")
    write_environment(
        source,
        {"acme": ACME, "globex": GLOBEX},
        sequence=3,
        epoch=2,
        commit="abcdef0" + "0" * 33,
        committed_at="2026-11-20T00:00:00Z",
    )
    with running_edge(source, admin_listen="0") as edge:
        yield edge


def test_probes(edge: Edge, tmp_path: Path) -> None:
    health, ready = edge.get("/healthz"), edge.get("/readyz")
    assert (health.status, health.body) == (200, b"ok")
    assert (ready.status, ready.body) == (200, b"ready")
    with running_edge(tmp_path) as empty:
        assert empty.get("/healthz").status == 200
        refused = empty.get("/readyz")
    assert refused.status == 503
    assert json.loads(refused.body)["error"]["code"] == "no_snapshot"


def test_status(edge: Edge) -> None:
    found = edge.get("/v1/status").json()
    assert (found["environment"], found["ready"], found["reloads"]) == ("production", True, 1)
    assert found["refusals"] == {}
    snapshot = found["snapshot"]
    assert isinstance(snapshot, dict)
    assert snapshot.pop("serving_since")
    assert snapshot == {
        "version": "3-abcdef0",
        "epoch": 2,
        "sequence": 3,
        "commit": "abcdef0" + "0" * 33,
        "committed_at": "2026-11-20T00:00:00Z",
        "tenants": {
            "acme": {"flags": len(ACME.flags), "held": {}},
            "globex": {"flags": 2, "held": {"secret": "abcdef0"}},
        },
    }
    source = found["source"]
    assert isinstance(source, dict)
    assert source["checked_at"]
    assert source["last_refusal"] is None


def test_why_the_source_is_refused_is_for_those_who_may_see_all(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    clients = clients_file(
        tmp_path,
        operator={"tenants": ["*"], "scopes": ["flags:r"]},
        app={"tenants": ["*"]},
        one={"scopes": ["flags:r"]},
    )
    with running_edge(tmp_path, clients=clients) as edge:
        (tmp_path / "production" / "manifest.json").write_text("{")
        until(lambda: b'refused{reason="malformed"}' in edge.get("/metrics").body, "the refusal")
        shown = {
            name: edge.get("/v1/status", X_API_Key=f"key-of-{name}").json()["source"]
            for name in ("operator", "app", "one")
        }
    assert "manifest.json is not well formed" in shown["operator"]["refused"]["detail"]  # type: ignore[index]
    for name in ("app", "one"):
        assert set(shown[name]["refused"]) == {"reason", "since"}  # type: ignore[index]


def test_a_bad_clients_file_is_told_though_nobody_calls(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    clients = clients_file(tmp_path, app={})
    good = clients.read_text()
    refused = 'burgee_credentials_refused{of="clients"}'
    with running_edge(tmp_path, clients=clients) as edge:
        assert edge.metric(refused) == 0
        with capture_logs() as logs:
            clients.write_text("{clients: [}")
            until(lambda: logs, "a line of the log")
        assert logs[0]["file"] == str(clients)
        assert edge.metric(refused) == 1
        clients.write_text(good)
        until(lambda: edge.metric(refused) == 0, "the good file")


def test_status_before_the_first_snapshot_says_why(tmp_path: Path) -> None:
    with running_edge(tmp_path) as edge:
        found = edge.get("/v1/status").json()
    assert (found["ready"], found["snapshot"]) == (False, None)
    assert found["refusals"] == {"unreadable": 1}
    source = found["source"]
    assert isinstance(source, dict)
    assert source["last_refusal"]["reason"] == "unreadable"


def test_metrics_of_the_snapshot(edge: Edge) -> None:
    assert edge.metric('burgee_snapshot_info{version="3-abcdef0"}') == 1
    assert edge.metric("burgee_snapshot_epoch") == 2
    assert edge.metric("burgee_snapshot_sequence") == 3
    assert edge.metric("burgee_flags_held") == 1
    assert edge.metric("burgee_reloads_total") == 1
    assert edge.metric("burgee_ready") == 1
    committed = 1_795_132_800
    assert edge.metric("burgee_snapshot_age_seconds") == pytest.approx(
        time.time() - committed, abs=60
    )
    assert edge.metric("burgee_snapshot_lag_seconds") > 0
    assert edge.metric("burgee_source_checked_timestamp_seconds") == pytest.approx(
        time.time(), abs=60
    )


def test_requests_and_the_cache_are_counted(edge: Edge) -> None:
    requests = 'http_requests_total{method="GET",path="/v1/users/{id}/flags",status="200"}'
    for _ in range(2):  # what is asked for once only is not kept
        edge.get("/v1/users/count-1/flags")
    before = [edge.metric(name) for name in (requests, "burgee_cache_hits_total")]
    for _ in range(3):
        edge.get("/v1/users/count-1/flags")
    after = [edge.metric(name) for name in (requests, "burgee_cache_hits_total")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [3, 3]


def test_figures_stand_on_the_admin_listener_alone(edge: Edge) -> None:
    for _ in range(3):
        edge.post("/v1/evaluate", {"flag_key": "secret"}, X_Tenant_ID="globex")
    edge.post("/v1/evaluate", {"flag_key": "nobody-has-it"}, X_Tenant_ID="globex")
    edge.post("/v1/evaluate/preview", {"flag_key": "secret"}, X_Tenant_ID="globex")
    edge.post("/ofrep/v1/evaluate/flags", X_Tenant_ID="globex")
    edge.post("/ofrep/v1/evaluate/flags", X_Tenant_ID="globex")
    assert edge.admin is not None
    with running(edge.admin) as port:
        text = ask(port, "GET", "/metrics").body.decode()
        assert ask(port, "GET", "/healthz").status == 200
        assert ask(port, "POST", "/v1/evaluate", body=b"{}").status == 404
        assert ask(port, "GET", "/metrics", {"Host": "evil.example"}).status == 403
    line = 'burgee_evaluations_total{flag="secret",tenant="globex",variant="deal"} 5.0'
    assert line in text.splitlines()
    assert "nobody-has-it" not in text
    assert "burgee_evaluations_total" not in edge.get("/metrics").body.decode()


def test_the_document_names_each_route(tmp_path: Path) -> None:
    _, app = handlers(tmp_path, {"acme": ACME})
    served = {
        (getattr(route, "path", ""), method.lower())
        for route in app.router.routes
        for method in getattr(route, "methods", ())
        if method != "HEAD"
    }
    described = {
        (path, method) for path, methods in openapi()["paths"].items() for method in methods
    }
    own = {("/openapi.json", "get"), ("/docs", "get"), ("/docs/{name}", "get")}
    assert served == described | own


def test_the_document_and_its_page(edge: Edge) -> None:
    assert edge.get("/openapi.json").json()["openapi"] == "3.1.0"
    page = edge.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert b"http" not in page.body.replace(b"http-equiv", b"")  # nothing from elsewhere
