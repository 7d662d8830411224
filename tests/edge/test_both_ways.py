"""The hot path and the ordinary way give the same bytes, count the same and log the same.

Whatever is sent, in whatever pieces; the only difference is what it costs.
"""

import io
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from burgee_edge.options import read_options
from burgee_edge.serve import build
from burgee_edge.settings import TABLE
from burgee_http.application import Application
from burgee_http.limits import Limits
from burgee_http.settings import read_settings
from support.conversation import Heard, converse
from support.edge import ACME, GLOBEX, clients_file
from support.log_stream import log_stream
from support.snapshots import write_environment
from support.wire import ask, running

LIMITS = Limits(body_bytes=100_000)
CLIENTS: dict[str, dict[str, Any]] = {
    "app": {"scopes": ["evaluate", "flags:r"]},
    "two": {"tenants": ["acme", "globex"]},
    "web": {"browser": True},
    "slow": {"rate": {"per_second": 0.001, "burst": 2}},
    "elsewhere": {"environments": ["staging"]},
}
ONE, ALL = "/ofrep/v1/evaluate/flags/", "/ofrep/v1/evaluate/flags"


class Twins(Struct, frozen=True):
    """Two nodes of one source, the first of which uses its hot path."""

    hot: Application
    ordinary: Application

    def hear(self, *pieces: bytes, patient: bool = True) -> Heard:
        """What both say."""
        hot = converse(self.hot, pieces, hot=True, patient=patient, limits=LIMITS)
        ordinary = converse(self.ordinary, pieces, hot=False, patient=patient, limits=LIMITS)
        assert (hot.data, hot.closed) == (ordinary.data, ordinary.closed)
        assert not ordinary.direct
        return hot


def node(**given: Any) -> Application:
    settings = {
        "environment": "production",
        "access_log_sample": 0.5,
        "admin_listen": "127.0.0.1:0",
        **given,
    }
    listeners = build(read_options(read_settings(TABLE, settings, {})))
    assert isinstance(listeners[0].app, Application)
    return listeners[0].app


def make_twins(folder: Path, **given: Any) -> Twins:
    given = {
        "source": folder / "dist",
        "clients": clients_file(folder, **CLIENTS),
        **given,
    }
    return Twins(node(**given), node(**given))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("both")
    write_environment(folder / "dist", {"acme": ACME, "globex": GLOBEX}, sequence=1)
    return folder


@pytest.fixture(scope="module")
def twins(folder: Path) -> Twins:
    return make_twins(folder)


def request(
    target: str = "/v1/evaluate",
    body: bytes | str | None = b"{}",
    *fields: str,
    line: str = "POST {} HTTP/1.1",
    key: str = "app",
    tenant: str = "acme",
) -> bytes:
    text = body.encode() if isinstance(body, str) else body
    head = [line.format(target), "Host: localhost", "Content-Type: application/json"]
    head += [f"Authorization: Bearer key-of-{key}"] if key else []
    head += [f"X-Tenant-ID: {tenant}"] if tenant else []
    head += [] if text is None else [f"Content-Length: {len(text)}"]
    return "\r\n".join([*head, *fields, "", ""]).encode("latin-1") + (text or b"")


def native(flag: str = "half", user: object = None, **more: Any) -> str:
    given = {"id": "u1", "attributes": {"plan": "pro"}} if user is None else user
    return json.dumps({"flag_key": flag, "user": given, **more})


def context(**given: Any) -> str:
    return json.dumps({"context": {"targetingKey": "u1", **given}})


TAG = "0123456789abcdef" * 4
DEEP = "[" * 40 + "]" * 40

# What the hot path answers by itself.
PLAIN = {
    "native": request(body=native()),
    "native, other user": request(body=native(user={"id": 7})),
    "native, request id": request(body=native(request_id='a"é')),
    "native, no user": request(body='{"flag_key":"half"}'),
    "native, huge id": request(body=native(user={"id": 10**40})),
    "native, lone surrogate": request(
        body='{"flag_key":"half","user":{"id":"\\ud800"},"request_id":"\\udfff"}'
    ),
    "native, twice the same": request(
        body='{"flag_key":"nope","user":{"id":true},"user":{"id":"u2"},"flag_key":"half"}'
    ),
    "native, unknown flag": request(body=native("nope")),
    "native, no variant": request(body=native("gone")),
    "native, malformed": request(body="{"),
    "native, no body": request(body=""),
    "native, unknown field": request(body='{"flag_key":"half","users":{}}'),
    "native, true for an id": request(body=native(user={"id": True})),
    "native, too long an id": request(body=native(request_id="x" * 257)),
    "native, number out of range": request(body='{"flag_key":"half","user":{"id":1e999}}'),
    "native, not UTF-8": request(body=b'{"flag_key":"\xff"}'),
    "native, too deep": request(body=native(user={"attributes": {"a": json.loads(DEEP)}})),
    "native, deep enough": request(body=native(user={"attributes": {"a": [[[[1]]]]}})),
    "native, too much": request(body=native(user={"attributes": {"a": [1] * 10_001}})),
    "OFREP": request(ONE + "targeted", context(plan="pro")),
    "OFREP, other tenant": request(ONE + "secret", context(), key="two", tenant="globex"),
    "OFREP, implied tenant": request(ONE + "half", context(), tenant=""),
    "OFREP, no body": request(ONE + "integer", ""),
    "OFREP, no value": request(ONE + "gone", context()),
    "OFREP, no key": request(ONE, context()),
    "OFREP, key with a slash": request(ONE + "a/b", context()),
    "OFREP, unknown flag": request(ONE + "nope", context()),
    "OFREP, not for pages": request(ONE + "half", context(), key="web"),
    "OFREP, targeting key missing": request(ONE + "half", "{}"),
    "OFREP, no object": request(ONE + "half", "[]"),
    "OFREP, no context": request(ONE + "half", '{"context":null}'),
    "OFREP, malformed aside": request(ONE + "half", '{"context":{},"other":1e999}'),
    "OFREP, surrogates": request(ONE + "half", '{"context":{"a":"\\ud800"}}'),
    "bulk": request(ALL, context()),
    "bulk, floats": request(ALL, context(targetingKey=18.0, plan=["pro", 1])),
    "bulk, for pages": request(ALL, context(), key="web"),
    "bulk, confirmed": request(ALL, context(), "If-None-Match: *"),
    "bulk, not confirmed": request(ALL, context(), 'If-None-Match: "x", W/"y"'),
    "bulk, confirmed not by a tag of ours": request(ALL, context(), f'If-None-Match: "{TAG}"'),
    "bulk, in lower case": request(ALL, context(), f'if-none-match: "{TAG}"'),
    "bulk, weak": request(ALL, context(), f'If-None-Match: W/"{TAG}"'),
    "single with a tag": request(ONE + "half", context(), f'If-None-Match: "{TAG}"'),
    "a tag and as many fields as may be": request(
        ALL, "{}", *(f"X-{n}: 1" for n in range(94)), f'If-None-Match: "{TAG}"'
    ),
    "bulk, a query": request(ALL + "?flagConfigLastModified=1", context(), "If-None-Match: *"),
    "bulk, bad query": request(ALL + "?flagConfigEtag=%ff", context(), "If-None-Match: *"),
    "bulk, too deep": request(ALL, '{"context":{"a":' + DEEP + "}}"),
    "no key": request(body=native(), key=""),
    "wrong key": request(body=native(), key="nobody"),
    "another scheme": request(ALL, "{}", "Authorization: Basic eDp5", key=""),
    "two keys": request(ALL, "{}", "Authorization: Bearer key-of-two"),
    "X-API-Key": request(ALL, "{}", "X-API-Key: key-of-two", key=""),
    "no tenant": request(body=native(), tenant=""),
    "bad tenant": request(body=native(), tenant="a b"),
    "other's tenant": request(body=native(), tenant="globex"),
    "two tenants": request(ALL, "{}", "X-Tenant-ID: globex", key="two"),
    "another environment": request(ALL, "{}", key="elsewhere"),
    "origin": request(ALL, "{}", "Origin: https://shop.example"),
    "own id": request(ALL, "{}", "X-Request-ID: abc-1"),
    "unsafe id": request(body="{", line="POST {} HTTP/1.1", key="app"),
    "keep-alive": request(ALL, "{}", "Connection: keep-alive"),
    "zeros before the length": request(ALL, None, "Content-Length: 0000000000002") + b"{}",
    "slashes in the query": request("/v1/evaluate?u=http://x", native()),
    "fragment": request("/v1/evaluate#x", native()),
    "a query": request("/v1/evaluate?x=1&y", native()),
}

# What goes the ordinary way in any case.
ORDINARY = {
    "encoded key": request(ONE + "string%2Enested", context()),
    "encoded path": request("/v1/%65valuate", native()),
    "bad encoding": request(ONE + "%ff", context()),
    "slashes": request("//v1///evaluate", native()),
    "absolute": request("http://localhost/v1/evaluate", native()),
    "no path": request("*", native()),
    "not ASCII": request("/v1/ev\xe4luate", native()),
    "all": request("/v1/evaluate/all", "{}"),
    "preview": request("/v1/evaluate/preview", native(at="2026-11-27T09:00:00Z")),
    "elsewhere": request("/nothing", "{}"),
    "below": request("/v1/evaluate/", native()),
    "GET": request(line="GET {} HTTP/1.1"),
    "HEAD": request("/healthz", None, line="HEAD {} HTTP/1.1"),
    "PUT": request(ALL, line="PUT {} HTTP/1.1"),
    "OPTIONS": request(ALL, None, line="OPTIONS {} HTTP/1.1"),
    "preflight": request(
        ALL,
        None,
        "Origin: https://shop.example",
        "Access-Control-Request-Method: POST",
        line="OPTIONS {} HTTP/1.1",
        key="",
    ),
    "lower case": request(line="post {} HTTP/1.1"),
    "HTTP/1.0": request(ALL, "{}", line="POST {} HTTP/1.0"),
    "HTTP/1.0, kept": request(ALL, "{}", "Connection: keep-alive", line="POST {} HTTP/1.0"),
    "HTTP/2.0": request(ALL, "{}", line="POST {} HTTP/2.0"),
    "close": request(ALL, "{}", "Connection: close"),
    "expect": request(ALL, "{}", "Expect: 100-continue"),
    "expect something": request(ALL, "{}", "Expect: the-worst"),
    "h2c": request(ALL, "{}", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
    "upgrade unasked": request(ALL, "{}", "Upgrade: h2c"),
    "chunked": request(ALL, None, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "trailer": request(ALL, None, "Transfer-Encoding: chunked")
    + b"2\r\n{}\r\n0\r\nX-Tenant-ID: globex\r\n\r\n",
    "both lengths": request(ALL, "{}", "Transfer-Encoding: chunked"),
    "two lengths": request(ALL, "{}", "Content-Length: 3"),
    "the same length twice": request(ALL, "{}", "Content-Length: 2"),
    "bad length": request(ALL, None, "Content-Length: -2") + b"{}",
    "no length": request(ALL, None),
    "too large": request(ALL, b" " * 100_001),
    "large by its word": request(ALL, None, "Content-Length: 100001"),
    "large head": request(ALL, "{}", "X-Pad: " + "a" * 17_000),
    "many fields": request(ALL, "{}", *(f"X-{n}: 1" for n in range(100))),
    "a tag and a field too many": request(
        ALL, "{}", *(f"X-{n}: 1" for n in range(95)), f'If-None-Match: "{TAG}"'
    ),
    "a tag too many bytes": request(ALL, "{}", "X-A: " + "a" * 16_150, f'If-None-Match: "{TAG}"'),
    "bulk, two fields": request(
        ALL, context(), f'If-None-Match: "{TAG}"', f'If-None-Match: "{TAG}"'
    ),
    "bulk, a tag and any": request(ALL, context(), f'If-None-Match: "{TAG}"', "If-None-Match: *"),
    "folded behind a tag": request(ALL, "{}", f'If-None-Match: "{TAG}"\r\n , *'),
    "folded": request(ALL, "{}", "X-A: b\r\n c"),
    "bare line feed": request(ALL, "{}").replace(b"\r\n", b"\n", 2),
    "line first": b"\r\n" + request(ALL, "{}"),
    "nonsense": b"hello\r\n\r\n",
    "nul": request(ALL, "{}", "X-A: b\0c"),
}


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN)
def test_plain_requests(twins: Twins, data: bytes) -> None:
    heard = twins.hear(data)
    assert heard.direct
    assert len(heard.statuses) == 1
    assert not heard.closed


@pytest.mark.parametrize("data", ORDINARY.values(), ids=ORDINARY)
def test_all_others(twins: Twins, data: bytes) -> None:
    assert not twins.hear(data).direct


def test_they_hold_every_kind_of_error(twins: Twins) -> None:
    statuses = {s for data in PLAIN.values() for s in twins.hear(data).statuses}
    statuses |= {s for data in ORDINARY.values() for s in twins.hear(data).statuses}
    wanted = {200, 304, 400, 401, 403, 404, 405, 413, 422, 431}
    assert statuses >= wanted


CUT = ["native", "OFREP", "bulk, confirmed", "no key", "native, malformed"]


@pytest.mark.parametrize("name", CUT)
def test_cut_at_every_place(twins: Twins, name: str) -> None:
    data = PLAIN[name]
    whole = twins.hear(data)
    for at in range(1, len(data)):
        assert twins.hear(data[:at], data[at:]).data == whole.data


@pytest.mark.parametrize("name", CUT)
def test_one_byte_at_a_time(twins: Twins, name: str) -> None:
    data = PLAIN[name]
    pieces = [data[at : at + 1] for at in range(len(data))]
    assert twins.hear(*pieces).data == twins.hear(data).data


def test_a_cut_request_does_not_hold_up_the_next(twins: Twins) -> None:
    one, two = PLAIN["native"], PLAIN["bulk"]
    heard = twins.hear(one, two[:40], two[40:], one, b"\r\n\r\n", two, one + two, two)
    assert heard.statuses == [200] * 7


@pytest.mark.parametrize("patient", [True, False])
def test_pipelined(twins: Twins, patient: bool) -> None:
    many = b"".join(PLAIN[name] for name in ("native", "OFREP", "bulk", "no key"))
    assert twins.hear(many, patient=patient).statuses == [200, 200, 200, 401]
    for at in range(1, len(many), 13):
        twins.hear(many[:at], many[at:], patient=patient)


def test_a_flood_is_answered_in_order(twins: Twins) -> None:
    bodies = [native(user={"id": f"u{n}"}, request_id=str(n)) for n in range(150)]
    flood = b"".join(request(body=body) for body in bodies)
    heard = twins.hear(flood)
    assert re.findall(rb'"request_id":"(\d+)"', heard.data) == [b"%d" % n for n in range(150)]
    assert twins.hear(flood[: len(flood) // 5]).statuses == [200] * 30


def test_what_comes_behind_an_answer_that_is_being_made_waits(twins: Twins) -> None:
    metrics = request("/healthz", None, line="GET {} HTTP/1.1")
    heard = twins.hear(metrics, PLAIN["native"], PLAIN["bulk"], patient=False)
    assert heard.statuses == [200, 200, 200]
    assert heard.data.index(b"ok") < heard.data.index(b"flag_key")


@pytest.mark.parametrize("behind", [b"nonsense\r\n\r\n", ORDINARY["GET"], ORDINARY["too large"]])
def test_whatever_follows(twins: Twins, behind: bytes) -> None:
    for pieces in ((PLAIN["native"] + behind,), (PLAIN["native"], behind)):
        for patient in (True, False):
            twins.hear(*pieces, patient=patient)


EVERYTHING = [*PLAIN.values(), *ORDINARY.values()]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(EVERYTHING), min_size=1, max_size=6).map(b"".join),
    st.lists(st.integers(0, 4_000), max_size=6),
    st.booleans(),
)
def test_any_requests_in_any_pieces(
    twins: Twins, data: bytes, places: list[int], patient: bool
) -> None:
    cuts = sorted({0, *(place for place in places if place < len(data)), len(data)})
    twins.hear(*(data[a:b] for a, b in pairwise(cuts)), patient=patient)


def test_the_etag_of_one_confirms_at_the_other(twins: Twins) -> None:
    told = twins.hear(PLAIN["bulk"])
    tag = re.search(rb"etag: (\S+)", told.data)
    assert tag is not None
    again = request(ALL, context(), f"If-None-Match: {tag[1].decode()}")
    none = request(ALL, context(), f'If-None-Match: "{TAG}"')
    odd = request(ALL, context(), f'If-None-Match: "{TAG[:-1]}\\"')
    late = request(ALL, context(), f"If-None-Match: {tag[1].decode()}", "X-A: b")
    pieces = (again, none, again, odd, none, again, late, again + again, again)
    heard = twins.hear(*pieces, PLAIN["bulk"], again)
    assert heard.statuses == [304, 200, 304, 200, 200, 304, 304, 304, 304, 304, 200, 304]
    assert twins.hear(again, none, again, PLAIN["bulk"], late).direct


def test_another_configuration_is_waited_for(twins: Twins) -> None:
    """Which a handler may not do, so that it goes the ordinary way."""
    heard = twins.hear(request(ALL + "?flagConfigEtag=x", context(), "If-None-Match: *"))
    assert heard.statuses == [200]
    assert not heard.direct


def test_too_many_requests(folder: Path) -> None:
    twins = make_twins(folder)
    data = request(ALL, "{}", key="slow")
    assert twins.hear(data, data, data).statuses == [200, 200, 429]


def test_before_the_first_snapshot(folder: Path) -> None:
    twins = make_twins(folder, source=folder / "nothing")
    for name in ("native", "OFREP", "bulk"):
        heard = twins.hear(PLAIN[name])
        assert heard.statuses == [503]
        assert heard.direct


LOCAL = [
    request(ALL, "{}", key=""),
    request(ALL, "{}", "Origin: http://localhost:3000", key=""),
    request(ALL, "{}", "Origin: https://evil.example", key=""),
    request(ALL, "{}", key="").replace(b"Host: localhost", b"Host: evil.example"),
]


@pytest.mark.parametrize("data", LOCAL)
def test_open_access(folder: Path, data: bytes) -> None:
    twins = make_twins(folder, clients=None, insecure=True)
    twins.hear(data, data)


def test_named_origins(folder: Path) -> None:
    twins = make_twins(folder, cors_origins=("https://shop.example",))
    for origin in ("https://shop.example", "https://evil.example"):
        assert twins.hear(request(ALL, "{}", f"Origin: {origin}")).direct


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    with log_stream() as stream:
        yield stream


def counted(app: Application) -> dict[str, str]:
    """All metrics that a clock has no part in."""
    with running(app, hot=False) as port:
        text = ask(port, "GET", "/metrics").body.decode()
    lines = [line for line in text.splitlines() if not line.startswith(("#", "process", "python"))]
    return {
        name: value
        for name, _, value in (line.rpartition(" ") for line in lines)
        if not re.search("seconds_(sum|bucket)|timestamp|_age_|_lag_|_stale_", name)
    }


def test_both_count_and_log_the_same(folder: Path, stream: io.StringIO) -> None:
    twins = make_twins(folder)
    for data in [*EVERYTHING, *EVERYTHING]:
        twins.hear(data)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    logged = [
        tuple(line[name] for name in ("path", "method", "status", "tenant", "level"))
        for line in lines
        if line["message"] == "request"
    ]
    assert len(logged) > 80
    assert logged[::2] == logged[1::2]  # the twins are asked in turn
    hot, ordinary = counted(twins.hot), counted(twins.ordinary)
    assert hot == ordinary
    assert float(hot['http_requests_total{method="POST",path="/v1/evaluate",status="200"}']) > 10


def test_a_bug_is_an_error_in_json(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("burgee_edge.node.Node.visit", fail)
    assert twins.hear(PLAIN["native"], PLAIN["bulk"]).statuses == [500, 500]


def test_a_key_that_is_revoked_is_refused_on_a_connection_that_is_open(tmp_path: Path) -> None:
    write_environment(tmp_path / "dist", {"acme": ACME})
    listeners = build(
        read_options(
            read_settings(
                TABLE,
                {
                    "source": tmp_path / "dist",
                    "environment": "production",
                    "clients": clients_file(tmp_path, app={}),
                },
                {},
            )
        )
    )
    app = listeners[0].app
    assert isinstance(app, Application)
    data = request(ALL, "{}")
    assert converse(app, [data, data], hot=True).statuses == [200, 200]
    clients_file(tmp_path, other={})
    followed = _clients_of(app)
    followed._next_look = 0.0  # its second has passed
    heard = converse(app, [data, data], hot=True)
    assert heard.statuses == [401, 401]
    assert heard.direct


def _clients_of(app: Application) -> Any:
    """The file that the node's gate follows."""
    found = app._direct("/v1/evaluate")
    assert found is not None
    handler: Any = found.handler
    return handler.args[0].gate._authenticator.clients
