"""Promise: a client of the file gets a token by any way that RFC 6749 knows, for no more than it
has; everybody else is told why in the RFC's form, and how often one may guess is bounded.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from burgee_http.application import Application
from burgee_http.cors import Cors
from burgee_http.jwks import parse_jwks
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, Metrics
from burgee_writer.tokens.routes import JWKS_PATH, TOKEN_PATH, token_routes
from support.token_writer import CLIENTS, Clock, TokenWriter, unverified
from support.wire import Answer, ask, running

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
GOOD = {"grant_type": "client_credentials", "client_id": "ci", "client_secret": "key-of-ci"}


class Endpoint:
    """The routes under a server; `clock` is that of its limits."""

    def __init__(self, writer: TokenWriter, port: int, clock: Clock) -> None:
        self.writer, self.port, self.clock = writer, port, clock

    def post(self, body: bytes, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.port, "POST", TOKEN_PATH, named, body)

    def form(self, *more: tuple[str, str], **changes: str | None) -> Answer:
        given = {name: value for name, value in (GOOD | changes).items() if value is not None}
        return self.post(urlencode([*given.items(), *more]).encode(), **FORM)

    def json(self, **changes: Any) -> Answer:
        given = {name: value for name, value in (GOOD | changes).items() if value is not None}
        return self.post(json.dumps(given).encode(), **JSON)

    def basic(self, pair: str, body: str = "grant_type=client_credentials") -> Answer:
        value = base64.b64encode(pair.encode()).decode()
        return self.post(body.encode(), **FORM, Authorization=f"Basic {value}")


@contextmanager
def serving(writer: TokenWriter) -> Iterator[Endpoint]:
    clock = Clock()
    app = Application(
        token_routes(writer.issuer, writer.authenticator, clock=clock),
        metrics=HttpMetrics(Metrics(process=False)),
        access_log=AccessLog(0),
        cors=Cors(()),
    )
    with running(app, drain=0) as port:
        yield Endpoint(writer, port, clock)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with serving(TokenWriter(tmp_path_factory.mktemp("writer"))) as found:
        yield found


@pytest.fixture
def endpoint(shared: Endpoint) -> Endpoint:
    """The one server, its limits and clients as at first."""
    shared.clock.now += 1_000
    shared.writer.change(**CLIENTS)
    return shared


def test_a_form_gives_a_token(endpoint: Endpoint) -> None:
    answer = endpoint.form()
    assert answer.status == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert {name: body[name] for name in body if name != "access_token"} == {
        "token_type": "bearer",
        "expires_in": 21_600,
        "scope": "evaluate flags:r flags:rw",
    }
    principal = endpoint.writer.principal(str(body["access_token"]))
    assert (principal.subject, principal.kind) == ("ci", "jwt")
    assert principal.scopes == {"evaluate", "flags:r", "flags:rw"}
    assert principal.tenants == {"acme", "globex"}


def test_each_way_to_ask(endpoint: Endpoint) -> None:
    body = "grant_type=client_credentials"
    form = {**FORM, "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    ways = [
        endpoint.json(),
        endpoint.post(urlencode(GOOD).encode()),  # without Content-Type
        endpoint.post(json.dumps(GOOD).encode()),
        endpoint.post(urlencode(GOOD).encode(), **form),
        endpoint.basic("ci:key-of-ci"),
        endpoint.basic("ci:key-of-ci", body + "&client_id=ci"),
        endpoint.basic("ci:key-of-ci", body + "&client_id=&client_secret="),
        endpoint.form(unknown="is passed over", scope="", audience="", tenant=" "),
        endpoint.json(unknown=[1], scope=None, audience=None),
    ]
    assert [answer.status for answer in ways] == [200] * len(ways)


def test_basic_credentials_are_encoded(tmp_path: Path) -> None:
    writer = TokenWriter(tmp_path)
    writer.change(**{"a b:c%+ü": {}})
    name = "a b:c%+ü"
    with serving(writer) as endpoint:
        answer = endpoint.basic(f"{quote_plus(name)}:{quote_plus('key-of-' + name)}")
    assert unverified(str(answer.json()["access_token"]))["sub"] == name


NARROWED = [
    ({"scope": "flags:r"}, {"scopes": ["flags:r"], "tenants": ["acme", "globex"]}),
    ({"scope": "flags:r  evaluate flags:r"}, {"scopes": ["evaluate", "flags:r"]}),
    ({"tenant": "globex"}, {"tenants": ["globex"], "aud": "writer"}),
    ({"tenant": "globex acme"}, {"tenants": ["acme", "globex"]}),
    ({"audience": "edge"}, {"aud": "edge"}),
    ({"audience": "writer"}, {"aud": "writer"}),
    ({"client_id": "root", "client_secret": "key-of-root"}, {"tenants": ["*"]}),
    (
        {"client_id": "root", "client_secret": "key-of-root", "tenant": "acme", "scope": "admin"},
        {"tenants": ["acme"], "scopes": ["admin"]},
    ),
    ({"client_id": "stage", "client_secret": "key-of-stage"}, {"environments": ["staging"]}),
]


@pytest.mark.parametrize(("asked", "claims"), NARROWED)
def test_what_the_token_says(
    endpoint: Endpoint, asked: dict[str, str], claims: dict[str, Any]
) -> None:
    for answer in (endpoint.form(**asked), endpoint.json(**asked)):
        found = unverified(str(answer.json()["access_token"]))
        assert {name: found[name] for name in claims} == claims
        assert ("environments" in found) == (found["sub"] == "stage")
        assert answer.json()["scope"] == " ".join(found["scopes"])


def test_lists(endpoint: Endpoint) -> None:
    answers = [
        endpoint.json(tenant=["acme"], scope=["flags:r"]),
        endpoint.json(tenant=["acme", "globex"]),
        endpoint.form(("tenant", "acme"), ("tenant", "globex")),
    ]
    tenants = [unverified(str(each.json()["access_token"]))["tenants"] for each in answers]
    assert tenants == [["acme"], ["acme", "globex"], ["acme", "globex"]]


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no grant_type": ({"grant_type": None}, 400, "invalid_request"),
    "another grant": ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    "no client": ({"client_id": None}, 401, "invalid_client"),
    "no secret": ({"client_secret": None}, 401, "invalid_client"),
    "unknown client": ({"client_id": "nobody"}, 401, "invalid_client"),
    "another's secret": ({"client_secret": "key-of-root"}, 401, "invalid_client"),
    "longer secret": ({"client_secret": "key-of-ci "}, 401, "invalid_client"),
    "the digest": ({"client_secret": "0" * 64}, 401, "invalid_client"),
    "scope not had": ({"scope": "admin"}, 400, "invalid_scope"),
    "one scope of two not had": ({"scope": "flags:r admin"}, 400, "invalid_scope"),
    "unknown scope": ({"scope": "openid"}, 400, "invalid_scope"),
    "tenant not had": ({"tenant": "initech"}, 400, "invalid_scope"),
    "all tenants": ({"tenant": "*"}, 400, "invalid_scope"),
    "no name of a tenant": ({"tenant": "../acme"}, 400, "invalid_scope"),
    "another audience": ({"audience": "shop"}, 400, "invalid_target"),
    "both audiences": ({"audience": "edge writer"}, 400, "invalid_target"),
    "a browser's key": (
        {"client_id": "web", "client_secret": "key-of-web"},
        400,
        "unauthorized_client",
    ),
    "no name of a tenant, of a wide client": (
        {"client_id": "root", "client_secret": "key-of-root", "tenant": "a,b"},
        400,
        "invalid_scope",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(endpoint: Endpoint, name: str) -> None:
    changes, status, code = REFUSED[name]
    for answer in (endpoint.form(**changes), endpoint.json(**changes)):
        assert answer.status == status
        body = answer.json()
        assert set(body) == {"error", "error_description", "request_id"}
        assert (body["error"], body["request_id"]) == (code, answer.headers["x-request-id"])
        assert answer.headers["cache-control"] == "no-store"
        assert ("www-authenticate" in answer.headers) == (status == 401)
        assert "key-of" not in answer.body.decode()
        # What RFC 6749, 5.2 lets a description hold.
        assert all(
            " " <= each <= "~" and each not in '"\\' for each in str(body["error_description"])
        )


BODIES = {
    "xml": (b"<a/>", {"Content-Type": "text/xml"}, "invalid_request"),
    "no json": (b"{", JSON, "invalid_request"),
    "a list": (b"[]", JSON, "invalid_request"),
    "deep": (b'{"a":' + b"[" * 50_000, JSON, "invalid_request"),
    "a number": (b'{"grant_type": 5}', JSON, "invalid_request"),
    "a list of numbers": (b'{"grant_type": "client_credentials", "scope": [1]}', JSON,
                          "invalid_request"),
    "a list where there is one": (b'{"grant_type": ["client_credentials"]}', JSON,
                                  "invalid_request"),
    "empty": (b"", FORM, "invalid_request"),
    "no utf-8": (b"grant_type=%ff", FORM, "invalid_request"),
    "raw bytes": (b"grant_type=\xff", FORM, "invalid_request"),
    "too many fields": (b"a=1&" * 200, FORM, "invalid_request"),
    "twice": (urlencode([*GOOD.items(), ("client_id", "root")]).encode(), FORM, "invalid_request"),
    "twice the same": (
        urlencode([*GOOD.items(), ("client_secret", "key-of-ci")]).encode(), FORM,
        "invalid_request",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_none(endpoint: Endpoint, name: str) -> None:
    body, headers, code = BODIES[name]
    answer = endpoint.post(body, **headers)
    assert (answer.status, answer.json()["error"]) == (400, code)


def test_lone_surrogates_fail_nobody(endpoint: Endpoint) -> None:
    text = json.dumps({**GOOD, "client_id": "\ud800", "client_secret": "\ud800"}).encode()
    assert endpoint.post(text, **JSON).status == 401


def test_credentials_in_a_query_are_not_read(endpoint: Endpoint) -> None:
    target = f"{TOKEN_PATH}?{urlencode(GOOD)}"
    answer = ask(endpoint.port, "POST", target, FORM, b"grant_type=client_credentials")
    assert answer.status == 401


HEADS = [
    ("Basic !!!", 401, "invalid_client"),
    ("Basic " + base64.b64encode(b"ci").decode(), 401, "invalid_client"),
    ("Basic " + base64.b64encode(b"ci:\xff").decode(), 401, "invalid_client"),
    ("Basic " + base64.b64encode(b"ci:%ff").decode(), 401, "invalid_client"),
    ("Basic " + base64.b64encode(b"ci:wrong").decode(), 401, "invalid_client"),
    ("Bearer key-of-ci", 401, "invalid_client"),
]


@pytest.mark.parametrize(("value", "status", "code"), HEADS)
def test_heads_that_are_none(endpoint: Endpoint, value: str, status: int, code: str) -> None:
    answer = endpoint.post(b"grant_type=client_credentials", **FORM, Authorization=value)
    assert (answer.status, answer.json()["error"]) == (status, code)
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    "more", ["&client_secret=key-of-ci", "&client_id=root", "&client_id=ci&client_secret=x"]
)
def test_credentials_in_two_places(endpoint: Endpoint, more: str) -> None:
    answer = endpoint.basic("ci:key-of-ci", "grant_type=client_credentials" + more)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_other_methods(endpoint: Endpoint) -> None:
    assert ask(endpoint.port, "GET", TOKEN_PATH).status == 405
    assert ask(endpoint.port, "POST", JWKS_PATH, None, b"").status == 405


def test_guessing_one_client_is_bounded(endpoint: Endpoint) -> None:
    statuses = [endpoint.form(client_secret=f"guess-{n}").status for n in range(14)]
    assert statuses == [401] * 10 + [429] * 4
    refused = endpoint.form(client_secret="guess")
    assert refused.headers["retry-after"] == "2"
    assert refused.json()["error"] == "rate_limited"
    # The right key waits as well: else a guess would show itself.
    assert endpoint.form().status == 429
    assert endpoint.form(client_id="root", client_secret="key-of-root").status == 200
    endpoint.clock.now += 2
    assert [endpoint.form().status for _ in range(3)] == [200] * 3
    statuses = [endpoint.form(client_secret="guess").status for _ in range(2)]
    assert statuses == [401, 429]


def test_guessing_names_is_bounded(endpoint: Endpoint) -> None:
    statuses = [endpoint.form(client_id=f"client-{n}").status for n in range(103)]
    assert statuses == [401] * 100 + [429] * 3
    # Who has to wait for all of them is not thought to have guessed.
    assert {endpoint.form().status for _ in range(12)} == {429}
    endpoint.clock.now += 1
    assert endpoint.form().status == 200
    # What is refused for one client alone is no guess among all.
    endpoint.clock.now += 100
    for _ in range(150):
        endpoint.form(client_secret="guess")
    assert endpoint.form(client_id="root", client_secret="key-of-root").status == 200


def test_right_keys_count_for_nothing(endpoint: Endpoint) -> None:
    assert {endpoint.form().status for _ in range(120)} == {200}
    assert {endpoint.form(scope="admin").status for _ in range(20)} == {400}
    assert endpoint.form().status == 200


def test_clients_that_come_and_go(endpoint: Endpoint) -> None:
    writer = endpoint.writer
    assert endpoint.form(client_id="new", client_secret="key-of-new").status == 401
    writer.change(**CLIENTS, new={})
    assert endpoint.form(client_id="new", client_secret="key-of-new").status == 200
    writer.revoke("new")
    assert endpoint.form(client_id="new", client_secret="key-of-new").status == 401


def test_the_public_keys(tmp_path: Path) -> None:
    with serving(TokenWriter(tmp_path)) as endpoint:
        check_public_keys(endpoint)


def check_public_keys(endpoint: Endpoint) -> None:
    answer = ask(endpoint.port, "GET", JWKS_PATH)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert len(parse_jwks(answer.body).keys) == 2
    kept = ask(endpoint.port, "GET", JWKS_PATH, {"If-None-Match": answer.headers["etag"]})
    assert (kept.status, kept.body) == (304, b"")
    assert kept.headers["etag"] == answer.headers["etag"]
    endpoint.writer.clock.now += 30 * 86_400
    later = ask(endpoint.port, "GET", JWKS_PATH, {"If-None-Match": answer.headers["etag"]})
    assert (later.status, len(parse_jwks(later.body).keys)) == (200, 3)


def test_without_clients_nobody_gets_one(tmp_path: Path) -> None:
    writer = TokenWriter(tmp_path)
    app = Application(
        token_routes(writer.issuer, None),
        metrics=HttpMetrics(Metrics(process=False)),
        access_log=AccessLog(0),
        cors=Cors(()),
    )
    with running(app, drain=0) as port:
        answer = ask(port, "POST", TOKEN_PATH, FORM, urlencode(GOOD).encode())
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
