"""A token of one tenant never reads, evaluates or infers another's flags; browsers see little."""

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
    path = clients_file(
        source,
        acme={"scopes": ["flags:r"]},
        globex={"scopes": ["flags:r"], "tenants": ["globex"]},
        all={"scopes": ["flags:r"], "tenants": ["*"]},
        app={},
        browser={"browser": True},
        elsewhere={"scopes": ["flags:r"], "environments": ["staging"]},
    )
    with running_edge(source, clients=path) as edge:
        yield edge


REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", "/v1/evaluate", {"flag_key": "secret", "user": {"id": "u"}}),
    ("POST", "/v1/evaluate/all", {"user": {"id": "u"}}),
    ("POST", "/v1/evaluate/preview", {"flag_key": "secret", "user": {"id": "u"}}),
    ("GET", "/v1/users/u/flags", None),
    ("GET", "/v1/users/u/flags/secret", None),
    ("POST", "/ofrep/v1/evaluate/flags", {}),
    ("POST", "/ofrep/v1/evaluate/flags/secret", {}),
]


def request(edge: Edge, method: str, path: str, body: Any, **headers: str) -> Answer:
    text = None if body is None else json.dumps(body).encode()
    return edge.ask(method, path, text, **headers)


def same(first: Answer, second: Answer) -> bool:
    """Whether two answers are alike but for what differs between any two."""
    own = {"x-request-id", "date"}

    def shown(answer: Answer) -> tuple[int, dict[str, str], bytes]:
        given = {name: value for name, value in answer.headers.items() if name not in own}
        request_id = answer.headers["x-request-id"].encode()
        return answer.status, given, answer.body.replace(request_id, b"")

    return shown(first) == shown(second)


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_another_tenant_is_refused_as_one_that_is_not_there(
    edge: Edge, method: str, path: str, body: Any
) -> None:
    there = request(edge, method, path, body, X_API_Key="key-of-acme", X_Tenant_ID="globex")
    absent = request(edge, method, path, body, X_API_Key="key-of-acme", X_Tenant_ID="initech")
    assert there.status == 403
    assert same(there, absent)


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_tenant_that_is_not_in_the_set_is_one_without_flags(
    edge: Edge, method: str, path: str, body: Any
) -> None:
    absent = request(edge, method, path, body, X_API_Key="key-of-all", X_Tenant_ID="initech")
    assert absent.status in (200, 404)
    assert b"secret" not in absent.body.replace(b'"key":"secret"', b"")
    # acme is there and has no such flag: for one flag the two cannot be told apart.
    if "secret" in path or (body and "flag_key" in body):
        there = request(edge, method, path, body, X_API_Key="key-of-all", X_Tenant_ID="acme")
        assert same(there, absent)
    else:
        assert json.loads(absent.body)["flags"] == []


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_without_a_token_it_is_401_whatever_else_is_wrong(
    edge: Edge, method: str, path: str, body: Any
) -> None:
    for tenant in ("acme", "globex", "", "not a name"):
        for token in ("", "Bearer nonsense", "Bearer a.b.c"):
            answer = request(edge, method, path, body, X_Tenant_ID=tenant, Authorization=token)
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_a_token_for_another_environment(edge: Edge, method: str, path: str, body: Any) -> None:
    answer = request(edge, method, path, body, X_API_Key="key-of-elsewhere")
    assert answer.status == 403


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_shared_caches_cannot_mix_tenants(edge: Edge, method: str, path: str, body: Any) -> None:
    answer = request(edge, method, path, body, X_API_Key="key-of-globex", X_Tenant_ID="globex")
    assert answer.status == 200
    assert answer.headers["vary"] == "Authorization, X-Tenant-ID, X-API-Key"
    assert answer.headers["cache-control"] == "private"


def test_answers_are_the_tenants_own(edge: Edge) -> None:
    body = {"context": {"targetingKey": "u", "plan": "free"}}
    path = "/ofrep/v1/evaluate/flags"
    acme = edge.post(path, body, X_API_Key="key-of-all", X_Tenant_ID="acme")
    globex = edge.post(path, body, X_API_Key="key-of-all", X_Tenant_ID="globex")
    assert acme.headers["etag"] != globex.headers["etag"]
    assert b"initech" not in acme.body
    cross = edge.post(
        path, body, X_API_Key="key-of-all", X_Tenant_ID="acme", If_None_Match=globex.headers["etag"]
    )
    assert cross.status == 200


SETS = [
    ("/v1/set/production/manifest.json", "acme", 403),
    ("/v1/set/production/manifest.json", "all", 200),
    ("/v1/set/production/globex/manifest.json", "acme", 403),
    ("/v1/set/production/initech/manifest.json", "acme", 403),
    ("/v1/set/production/initech/manifest.json", "all", 404),
    ("/v1/set/production/globex/manifest.json", "globex", 200),
    ("/v1/set/production/acme/manifest.json", "app", 403),
    ("/v1/set/production/acme/manifest.json", "browser", 403),
    ("/v1/set/production/acme/manifest.json", "elsewhere", 403),
    ("/v1/set/production/acme/manifest.json", "", 401),
    ("/v1/set/production/acme/manifest.json", "acme", 200),
    ("/v1/set/staging/acme/manifest.json", "acme", 404),
    ("/v1/set/production/acme/..%2Fglobex%2Fmanifest.json", "acme", 404),
    ("/v1/set/production/acme/../globex/manifest.json", "acme", 404),
]


@pytest.mark.parametrize(("path", "who", "status"), SETS)
def test_sets(edge: Edge, path: str, who: str, status: int) -> None:
    key = {"X_API_Key": f"key-of-{who}"} if who else {}
    assert edge.get(path, X_Tenant_ID="globex", **key).status == status


def test_documents_are_the_tenants_own(edge: Edge) -> None:
    headers = {"X_API_Key": "key-of-globex"}
    manifest = edge.get("/v1/set/production/globex/manifest.json", **headers).body
    [ref] = json.loads(manifest)["flags"]
    name = f"flags-{ref['digest'][:16]}.json"
    path = f"/v1/set/production/globex/{name}"
    assert b"initech" in edge.get(path, **headers).body
    assert edge.get(path, X_API_Key="key-of-acme").status == 403
    moved = edge.get(f"/v1/set/production/acme/{name}", X_API_Key="key-of-acme")
    assert moved.status == 404


def test_status_names_only_the_callers_tenants(edge: Edge) -> None:
    def tenants(who: str) -> Any:
        found = edge.get("/v1/status", X_API_Key=f"key-of-{who}").json()["snapshot"]
        assert isinstance(found, dict)
        return found.get("tenants")

    assert tenants("acme") == {"acme": {"flags": len(ACME.flags), "held": {}}}
    assert tenants("globex") == {"globex": {"flags": 2, "held": {"secret": "abcdef0"}}}
    assert sorted(tenants("all")) == ["acme", "globex"]
    assert tenants("app") is None


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/openapi.json"])
def test_what_needs_no_token_names_no_tenant_and_no_flag(edge: Edge, path: str) -> None:
    edge.post("/ofrep/v1/evaluate/flags/secret", X_API_Key="key-of-globex", X_Tenant_ID="globex")
    body = edge.get(path).body
    for word in (b"globex", b"acme", b"secret", b"targeted"):
        assert word not in body


def test_a_browser_key_sees_only_what_is_for_clients(edge: Edge) -> None:
    key = {"X_API_Key": "key-of-browser"}
    shown = [key for key, flag in sorted(ACME.flags.items()) if flag.client_side]
    bulk = json.loads(edge.post("/ofrep/v1/evaluate/flags", **key).body)["flags"]
    every = json.loads(edge.post("/v1/evaluate/all", {"tags": ["web"]}, **key).body)["flags"]
    user = json.loads(edge.get("/v1/users/u/flags", **key).body)["flags"]
    assert [item["key"] for item in bulk] == shown
    assert every == []
    assert [item["flag_key"] for item in user] == shown
    for method, path, body in (
        ("POST", "/ofrep/v1/evaluate/flags/{}", {}),
        ("GET", "/v1/users/u/flags/{}", None),
    ):
        hidden = request(edge, method, path.format("targeted"), body, **key)
        absent = request(edge, method, path.format("nope"), body, **key)
        assert hidden.status == 404
        assert hidden.body.replace(b"targeted", b"nope")[:80] == absent.body[:80]
        assert request(edge, method, path.format(shown[0]), body, **key).status == 200
    asked = {"flag_key": "targeted", "user": {"id": "u"}}
    assert edge.post("/v1/evaluate", asked, **key).status == 404
    assert edge.post("/v1/evaluate/preview", asked, **key).status == 403


def test_etags_tell_browser_and_server_apart(edge: Edge) -> None:
    path = "/ofrep/v1/evaluate/flags"
    server = edge.post(path, X_API_Key="key-of-app").headers["etag"]
    browser = edge.post(path, X_API_Key="key-of-browser", If_None_Match=server)
    assert browser.status == 200
