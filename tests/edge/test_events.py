"""Promise: a reader of `/v1/events` hears at once of every change of its own tenant and of no
other's, can come back to any node with the last id it took in, and never holds one up.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.edge import ACME, GLOBEX, Edge, clients_file, running_edge
from support.event_source import EventSource
from support.node_process import NodeProcess
from support.snapshots import TenantParts, flag, write_environment
from support.tokens import EDDSA, jwks
from support.wire import Wire, ask

CHANGED = TenantParts(
    {
        **{key: form for key, form in ACME.flags.items() if key != "gone"},
        "zero": flag("on"),
        "new": flag("on"),
    },
    attributes=ACME.attributes,
)


class Fleet:
    """Nodes over one source that is written to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sequence = 0
        self.write(acme=ACME, globex=GLOBEX)

    def write(self, **tenants: TenantParts) -> None:
        self.sequence += 1
        write_environment(self.root, tenants, sequence=self.sequence)

    def version(self) -> str:
        return f"{self.sequence}-abcdef0"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path / "dist")


@pytest.fixture
def edge(fleet: Fleet) -> Iterator[Edge]:
    with running_edge(fleet.root, event_keep_alive_seconds=0.2) as edge:
        yield edge


def listen(edge: Edge, last: str = "", tenant: str = "acme", **headers: str) -> EventSource:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if last:
        named["Last-Event-ID"] = last
    return EventSource(edge.port, "/v1/events", {"X-Tenant-ID": tenant, **named})


def serves(edge: Edge, version: str) -> None:
    while edge.get("/v1/status").json()["snapshot"]["version"] != version:  # type: ignore[index]
        continue


def test_the_first_event_says_what_is_served(edge: Edge, fleet: Fleet) -> None:
    with listen(edge) as source:
        assert source.status == 200
        assert source.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert source.headers["cache-control"] == "private, no-store"
        first = source.event()
    assert first.data == {"version": fleet.version(), "keys": None}
    assert first.id.startswith("0.1-")
    assert len(first.id) == len("0.1-") + 8
    assert source.retry >= 1000


def test_a_change_is_told_with_its_keys(edge: Edge, fleet: Fleet) -> None:
    with listen(edge) as one, listen(edge) as two:
        one.event()
        two.event()
        fleet.write(acme=CHANGED, globex=GLOBEX)
        told = one.event()
        assert told == two.event()
    assert told.data == {"version": "2-abcdef0", "keys": ["gone", "new", "zero"]}
    assert told.id.startswith("0.2-")


def test_a_tenant_hears_of_its_own_changes_only(edge: Edge, fleet: Fleet) -> None:
    with listen(edge) as acme, listen(edge, tenant="globex") as globex:
        acme.event()
        globex.event()
        fleet.write(acme=ACME, globex=CHANGED)
        fleet.write(acme=CHANGED, globex=CHANGED)
        assert acme.event().data["keys"] == ["gone", "new", "zero"]
        serves(edge, fleet.version())
        told = [globex.event().data["version"]]
        globex.comment()
        assert told[0] in ("2-abcdef0", "3-abcdef0")


def test_coming_back_with_what_is_served_says_nothing(edge: Edge) -> None:
    with listen(edge) as source:
        last = source.event().id
    with listen(edge, last) as source:
        source.comment()
        source.comment()


def test_coming_back_tells_what_changed_meanwhile(edge: Edge, fleet: Fleet) -> None:
    with listen(edge) as source:
        first = source.event().id
    fleet.write(acme=CHANGED, globex=GLOBEX)
    serves(edge, fleet.version())
    fleet.write(acme=CHANGED, globex=CHANGED)
    serves(edge, fleet.version())
    with listen(edge, first) as source:
        assert source.event().data == {"version": "3-abcdef0", "keys": ["gone", "new", "zero"]}
    with listen(edge, first, tenant="nobody") as source:
        source.comment()
    fleet.write(acme=ACME, globex=CHANGED)
    serves(edge, fleet.version())
    with listen(edge, first) as source:  # there and back again
        assert source.event().data == {"version": "4-abcdef0", "keys": []}


@pytest.mark.parametrize("last", ["0.1-00000000", "1.1-00000000", "nonsense", "é"])
def test_an_id_that_is_not_known_means_all(edge: Edge, last: str) -> None:
    with listen(edge, last) as source:
        assert source.event().data["keys"] is None


def test_ids_are_good_on_any_node(fleet: Fleet) -> None:
    with running_edge(fleet.root) as one, running_edge(fleet.root) as two:
        with listen(one) as source:
            first = source.event().id
        with listen(two, first) as source:
            source.comment()
            fleet.write(acme=CHANGED, globex=GLOBEX)
            second = source.event()
        serves(one, fleet.version())
        with listen(one, second.id) as source:
            source.comment()
        with listen(one, first) as source:
            assert source.event() == second
    with running_edge(fleet.root) as fresh, listen(fresh, first) as source:
        assert source.event().data == {"version": "2-abcdef0", "keys": None}


def test_a_tenant_that_comes_and_goes(edge: Edge, fleet: Fleet) -> None:
    with listen(edge, tenant="initech") as source:
        assert source.event().data["keys"] is None
        fleet.write(acme=ACME, initech=GLOBEX)
        assert source.event().data["keys"] == ["secret", "targeted"]
        fleet.write(acme=ACME)
        assert source.event().data["keys"] == ["secret", "targeted"]


def test_many_keys_are_not_listed(edge: Edge, fleet: Fleet) -> None:
    many = {f"flag-{number}": flag("on") for number in range(1001)}
    with listen(edge) as source:
        source.event()
        fleet.write(acme=TenantParts(many), globex=GLOBEX)
        assert source.event().data == {"version": "2-abcdef0", "keys": None}


def test_who_may_listen(fleet: Fleet, tmp_path: Path) -> None:
    clients = clients_file(
        tmp_path,
        reader={"scopes": ["flags:r"]},
        app={},
        page={"browser": True},
    )
    with running_edge(fleet.root, clients=clients) as edge:

        def status(key: str = "", tenant: str = "acme") -> tuple[int, str]:
            headers = {"Authorization": f"Bearer key-of-{key}"} if key else {}
            with listen(edge, tenant=tenant, **headers) as source:
                if source.status == 200:
                    return 200, ""
                return source.status, json.loads(source.body())["error"]["code"]

        assert status("reader") == (200, "")
        assert status() == (401, "unauthenticated")
        assert status("nobody") == (401, "invalid_token")
        assert status("reader", "globex") == (403, "tenant_forbidden")
        assert status("app") == (403, "scope_missing")
        assert status("page") == (403, "scope_missing")


def test_a_revoked_key_hears_no_more(fleet: Fleet, tmp_path: Path) -> None:
    reader = {"scopes": ["flags:r"]}
    clients = clients_file(tmp_path, reader=reader, other=reader)
    settings: dict[str, Any] = {"clients": clients, "event_keep_alive_seconds": 0.1}
    with (
        running_edge(fleet.root, **settings) as edge,
        listen(edge, Authorization="Bearer key-of-reader") as source,
        listen(edge, Authorization="Bearer key-of-other") as other,
    ):
        source.event()
        other.event()
        clients_file(tmp_path, other=reader)
        assert source.ended()
        other.comment()
        fleet.write(acme=CHANGED, globex=GLOBEX)
        assert other.event().data["version"] == fleet.version()


def test_a_token_that_expires_hears_no_more(fleet: Fleet, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_bytes(jwks(EDDSA.jwk()))
    settings = {"insecure": False, "jwks": str(keys), "issuer": "us"}
    with running_edge(fleet.root, event_keep_alive_seconds=600, **settings) as edge:
        token = EDDSA.token(iss="us", scopes=["flags:r"], exp=int(time.time()) + 2)
        with listen(edge, Authorization=f"Bearer {token}") as source:
            source.event()
            assert source.ended()


def test_there_is_room_for_so_many(fleet: Fleet) -> None:
    with running_edge(fleet.root, event_streams=2) as edge:
        with listen(edge) as one, listen(edge) as two:
            one.event()
            two.event()
            with listen(edge) as third:
                assert third.status == 503
                assert third.headers["retry-after"] == "5"
                assert json.loads(third.body())["error"]["code"] == "too_many_streams"
            assert edge.metric('burgee_event_streams{kind="changes"}') == 2
            assert edge.metric('burgee_event_streams_refused_total{kind="changes"}') == 1
        while edge.metric('burgee_event_streams{kind="changes"}'):
            continue
        with listen(edge) as source:
            source.event()


def test_a_head_holds_nothing(edge: Edge) -> None:
    answer = edge.ask("HEAD", "/v1/events", None)
    assert (answer.status, answer.body) == (200, b"")
    assert edge.metric('burgee_event_streams{kind="changes"}') == 0


def test_an_open_stream_is_no_slow_request(edge: Edge) -> None:
    with listen(edge) as source:
        source.event()
        for _ in range(3):
            source.comment()
    name = 'http_request_duration_seconds_bucket{le="0.1",path="/v1/events"}'
    while True:
        try:
            assert edge.metric(name) == 1
        except LookupError:
            continue
        break


def test_the_end_of_a_node_is_the_end_of_its_streams(fleet: Fleet) -> None:
    """In proper form: one that is left open until the grace is over is cut."""
    with running_edge(fleet.root) as edge:
        source = listen(edge)
        source.event()
    with source:
        assert source.ended()


def test_a_node_that_stops_says_so(fleet: Fleet) -> None:
    with NodeProcess(source=fleet.root, insecure=True, drain_seconds=10) as node:
        port = node.port
        idle = Wire(port)
        source = EventSource(port, "/v1/events", {"X-Tenant-ID": "acme"})
        source.event()
        assert ask(port, "GET", "/readyz").status == 200
        node.process.terminate()
        with source:
            assert source.ended()
        ready = ask(port, "GET", "/readyz")
        assert (ready.status, ready.headers["connection"]) == (503, "close")
        assert "retry-after" in ready.headers
        with EventSource(port, "/v1/events", {"X-Tenant-ID": "acme"}) as late:
            assert late.status == 503
        with idle:
            idle.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert idle.answer().headers["connection"] == "close"
        code, told = node.finish()
    assert (code, "Traceback" in told) == (0, False), told


def test_each_worker_tells(fleet: Fleet) -> None:
    with NodeProcess(source=fleet.root, insecure=True, workers=2) as node:
        port = node.port
        sources = [EventSource(port, "/v1/events", {"X-Tenant-ID": "acme"}) for _ in range(8)]
        for source in sources:
            source.event()
        fleet.write(acme=CHANGED, globex=GLOBEX)
        for source in sources:
            assert source.event().data["keys"] == ["gone", "new", "zero"]
        shown = ask(port, "GET", "/metrics").body.decode()
        assert 'burgee_event_streams{kind="changes"} 8.0' in shown.splitlines()
        node.process.terminate()
        for source in sources:
            with source:
                assert source.ended()
