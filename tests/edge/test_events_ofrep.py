"""Promise: bulk answers offer an event stream where the fleet has a secret for it; its address lets
in to nothing else, is never logged, and tells when an answer to such a caller has changed.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from burgee_edge.events_offer import Offers
from support.edge import ACME, GLOBEX, Edge, clients_file, running_edge
from support.event_source import EventSource
from support.node_process import NodeProcess
from support.snapshots import TenantParts, flag, write_environment
from support.wire import ask

BULK = "/ofrep/v1/evaluate/flags"
SECRET = "a secret of no fewer than thirty-two bytes"
# A flag that pages may not see, and one that they may.
HIDDEN = TenantParts({**ACME.flags, "zero": flag("on")}, attributes=ACME.attributes)
SHOWN = TenantParts({**ACME.flags, "new": flag("on", client_side=True)})


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    write_environment(tmp_path / "dist", {"acme": ACME, "globex": GLOBEX})
    return tmp_path / "dist"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "secret").write_text(SECRET + "\n")
    clients = clients_file(tmp_path, app={}, page={"browser": True}, other={"tenants": ["globex"]})
    return {"events_secret_file": tmp_path / "secret", "clients": clients}


@pytest.fixture
def edge(dist: Path, settings: dict[str, Any]) -> Iterator[Edge]:
    with running_edge(dist, **settings) as edge:
        yield edge


def bulk(edge: Edge, key: str = "app", query: str = "", etag: str = "") -> Any:
    named = {"X_API_Key": f"key-of-{key}", "X_Tenant_ID": "", "If_None_Match": etag}
    return edge.post(BULK + query, {"context": {"targetingKey": "u"}}, **named)


def address(edge: Edge, key: str = "app") -> str:
    [stream] = bulk(edge, key).json()["eventStreams"]
    assert (stream["type"], stream["inactivityDelaySec"]) == ("sse", 120)
    uri = stream["endpoint"]["requestUri"]
    assert isinstance(uri, str)
    return uri


def test_nothing_is_offered_without_a_secret(dist: Path, settings: dict[str, Any]) -> None:
    with running_edge(dist, clients=settings["clients"]) as plain:
        answer = bulk(plain)
        assert "eventStreams" not in answer.json()
        assert plain.get("/ofrep/v1/events?tenant=acme&for=server&key=x").status == 404
    with running_edge(dist, **settings) as offering:
        offered = bulk(offering)
        assert answer.headers["etag"] != offered.headers["etag"]
        assert bulk(offering, etag=answer.headers["etag"]).status == 200
        assert bulk(offering, etag=offered.headers["etag"]).status == 304


def test_one_address_for_each_tenant_and_kind_of_key(
    edge: Edge, dist: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    found = [address(edge, key) for key in ("app", "page", "other")]
    assert len(set(found)) == 3
    assert [address(edge, key) for key in ("app", "page", "other")] == found
    with running_edge(dist, **settings) as another:
        assert address(another) == found[0]
    (tmp_path / "secret").write_text("another secret of thirty-two bytes or more")
    with running_edge(dist, **settings) as another:
        assert address(another) != found[0]
        assert another.get(found[0]).status == 403
    secret = SECRET.encode()
    staging = json.loads(Offers(secret, "staging").text("acme", browser=False))
    assert staging[0]["endpoint"]["requestUri"] != found[0]


def test_behind_a_gateway(dist: Path, settings: dict[str, Any]) -> None:
    url = "https://flags.example/burgee/"
    with running_edge(dist, public_url=url, **settings) as edge:
        [stream] = bulk(edge).json()["eventStreams"]
        assert "endpoint" not in stream
        assert stream["url"].startswith("https://flags.example/burgee/ofrep/v1/events?tenant=acme&")
        parts = urlsplit(stream["url"])
        with EventSource(edge.port, f"/ofrep/v1/events?{parts.query}") as source:
            source.event()


BAD = [
    "",
    "?tenant=acme&for=server",
    "?tenant=acme&for=server&key=",
    "?tenant=globex&for=server&key={key}",
    "?tenant=acme&for=browser&key={key}",
    "?tenant=acme&for=server&key={key}&tenant=acme",
    "?tenant=acme%0a&for=server&key={key}",
    "?tenant=%F0%9F%90%88&for=server&key={key}",
    "?tenant=acme&for=server&key=%F0%9F%90%88",
]


@pytest.mark.parametrize("query", BAD)
def test_other_addresses_let_nobody_in(edge: Edge, query: str) -> None:
    key = address(edge).rpartition("key=")[2]
    answer = edge.get("/ofrep/v1/events" + query.format(key=key))
    assert answer.status == 403
    assert answer.json()["errorCode"] == "GENERAL"


def test_the_address_is_good_for_events_only(edge: Edge) -> None:
    key = address(edge).rpartition("key=")[2]
    for path in ("/v1/status", "/v1/set/production/acme/manifest.json", "/v1/events"):
        assert edge.get(path, Authorization=f"Bearer {key}").status == 401


def test_each_stream_opens_with_what_is_served(edge: Edge) -> None:
    manifest = json.loads((edge.source / "production" / "manifest.json").read_bytes())
    with EventSource(edge.port, address(edge), {"Origin": "https://shop.example"}) as source:
        assert source.status == 200
        assert source.headers["access-control-allow-origin"] == "*"
        first = source.event()
    assert first.id.startswith("0.1-")
    etag = manifest["tenants"]["acme"]
    assert set(first.data) == {"type", "etag", "lastModified"}
    assert (first.data["type"], first.data["etag"]) == ("refetchEvaluation", etag)
    with EventSource(edge.port, address(edge), {"Last-Event-ID": first.id}) as source:
        assert source.event() == first


def test_an_event_leads_to_a_new_answer(edge: Edge) -> None:
    old = bulk(edge)
    with EventSource(edge.port, address(edge)) as source:
        source.event()
        write_environment(edge.source, {"acme": HIDDEN, "globex": GLOBEX}, sequence=2)
        told = source.event()
    query = (
        f"?flagConfigEtag={told.data['etag']}&flagConfigLastModified={told.data['lastModified']}"
    )
    assert bulk(edge, query=query, etag=old.headers["etag"]).status == 200
    new = bulk(edge, query=query)
    assert bulk(edge, query=query, etag=new.headers["etag"]).status == 304


def test_no_stream_is_offered_while_there_is_no_room(dist: Path, settings: dict[str, Any]) -> None:
    with running_edge(dist, event_streams=1, **settings) as edge:
        first = bulk(edge)
        uri = address(edge)
        with EventSource(edge.port, uri) as source:
            source.event()
            full = bulk(edge, etag=first.headers["etag"])
            assert (full.status, "eventStreams" in full.json()) == (200, False)
            with EventSource(edge.port, uri) as late:
                assert (late.status, late.headers["retry-after"]) == (503, "5")
        while "eventStreams" not in bulk(edge).json():
            continue
        assert bulk(edge, etag=first.headers["etag"]).status == 304


def test_a_node_that_is_behind_is_waited_for(edge: Edge, tmp_path: Path) -> None:
    """The event came from another node: the old answer, and nothing after it, would stay."""
    later = tmp_path / "later"
    write_environment(later, {"acme": SHOWN, "globex": GLOBEX}, sequence=2)
    told = json.loads((later / "production" / "manifest.json").read_bytes())["tenants"]["acme"]
    answers: list[Any] = []
    asking = threading.Thread(
        target=lambda: answers.append(bulk(edge, query=f"?flagConfigEtag=%22{told}%22"))
    )
    asking.start()
    write_environment(edge.source, {"acme": SHOWN, "globex": GLOBEX}, sequence=2)
    asking.join()
    assert "new" in {each["key"] for each in answers[0].json()["flags"]}


def test_a_configuration_that_never_comes_is_not_waited_for_for_ever(edge: Edge) -> None:
    first = bulk(edge)
    again = bulk(edge, query="?flagConfigEtag=unheard-of", etag=first.headers["etag"])
    assert (again.status, again.body) == (200, first.body)


def test_pages_hear_of_what_they_see(edge: Edge) -> None:
    with (
        EventSource(edge.port, address(edge, "page")) as page,
        EventSource(edge.port, address(edge)) as app,
    ):
        page.event()
        app.event()
        write_environment(edge.source, {"acme": HIDDEN, "globex": GLOBEX}, sequence=2)
        assert app.event().id.startswith("0.2-")
        write_environment(edge.source, {"acme": SHOWN, "globex": GLOBEX}, sequence=3)
        assert page.event().id.startswith("0.3-")


def test_what_the_address_holds_is_never_logged(dist: Path, settings: dict[str, Any]) -> None:
    with NodeProcess(source=dist, access_log_sample=1, log_level="debug", **settings) as node:
        port = node.port
        asked = ask(port, "POST", BULK, {"X-API-Key": "key-of-app"}, b"{}")
        [stream] = msgspec.json.decode(asked.body)["eventStreams"]
        uri = stream["endpoint"]["requestUri"]
        with EventSource(port, uri) as source:
            source.event()
        assert ask(port, "GET", uri + "x").status == 403
        node.process.terminate()
        code, told = node.finish()
    assert code == 0
    assert "/ofrep/v1/events" in told
    assert "key=" not in told
    assert uri.rpartition("key=")[2] not in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"public_url": "flags.example"}, "--public-url 'flags.example' is not"),
        ({"public_url": "https://flags.example/?x=1"}, "is not http(s)://HOST[:PORT][/PATH]"),
        ({"public_url": "https://flags.example"}, "--public-url needs --events-secret-file"),
        (
            {"events_secret_file": "/nowhere/secret"},
            "--events-secret-file /nowhere/secret: No such",
        ),
        ({"events_secret_file": "SHORT"}, "the secret has fewer than 32 bytes"),
    ],
)
def test_settings_that_cannot_be_used(
    dist: Path, tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    short = tmp_path / "short"
    short.write_text("31 bytes are not enough for it\n" + " " * 10)
    named = {name: short if value == "SHORT" else value for name, value in given.items()}
    with NodeProcess(source=dist, insecure=True, **named) as node:
        code, text = node.finish()
    assert code == 2
    assert told in text
    assert "Traceback" not in text
