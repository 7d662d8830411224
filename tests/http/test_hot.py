"""A connection whose requests take the hot path is kept, bounded and ended like any other.

That both ways say the same is held by tests/edge/test_both_ways.py.
"""

import asyncio
import re
import tracemalloc
from collections.abc import Iterator

import pytest

from burgee_http.call import Call, Reply
from burgee_http.endpoint import route
from burgee_http.errors import ApiError, TryAgain
from burgee_http.fields import Fields
from burgee_http.hot import Caller
from burgee_http.limits import Limits
from burgee_http.plain import read_plain
from burgee_http.request_ids import new_request_id, offered_request_id
from support.conversation import converse
from support.echo_app import EchoApp
from support.wire import Wire, running

LIMITS = Limits(head_seconds=0.3, body_seconds=0.4, keep_alive_seconds=60.0)
PLAIN = b"POST /direct HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"


def direct(call: Call) -> Reply:
    return Reply(200, call.body)


def app() -> EchoApp:
    return EchoApp(routes=[route("/direct", direct, ("POST",), direct=True)], sample=0)


@pytest.fixture
def port() -> Iterator[int]:
    with running(app().app, LIMITS) as port:
        yield port


def test_a_connection_outlives_the_time_for_its_first_head(port: int) -> None:
    with Wire(port) as wire, Wire(port) as idle:
        wire.send(PLAIN)
        assert wire.answer().body == b"hello"
        assert idle.closed()  # it came later, and its time is over
        wire.send(PLAIN)
        assert wire.answer().body == b"hello"


def test_one_that_asks_no_more_is_closed() -> None:
    with running(app().app, Limits(keep_alive_seconds=0.3)) as port, Wire(port) as wire:
        wire.send(PLAIN)
        assert wire.answer().body == b"hello"
        wire.send(b"GET /echo HTTP/1.1\r\n\r\n")
        assert wire.answer().status == 200
        wire.send(PLAIN)
        assert wire.answer().body == b"hello"
        assert wire.closed()


def test_a_slow_request_behind_one_is_408(port: int) -> None:
    with Wire(port) as wire:
        wire.send(PLAIN + PLAIN[:-2])
        assert wire.answer().body == b"hello"
        assert wire.answer().status == 408
        assert wire.closed()


def test_a_client_that_does_not_read_is_let_go() -> None:
    body = b"a" * 60_000
    plain = b"POST /direct HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with running(app().app, Limits(write_seconds=0.3)) as port, Wire(port) as wire:
        flood = plain * 500
        with pytest.raises(ConnectionError):
            wire.send(flood)


def test_what_may_be_known_soon_is_waited_for() -> None:
    """A handler may not wait; the ordinary way does, and asks it again."""
    asked: list[str] = []

    async def ready() -> None:
        await asyncio.sleep(0)
        asked.append("ready")

    def handler(call: Call) -> Reply:
        asked.append("asked")
        if "ready" not in asked:
            raise TryAgain(ApiError(401, "unknown", "Not yet."), ready)
        return Reply(200, b"{}")

    echo = EchoApp(routes=[route("/later", handler, ("POST",), direct=True)], sample=0)
    heard = converse(echo.app, [PLAIN.replace(b"/direct", b"/later")], hot=True)
    assert heard.statuses == [200]
    assert asked == ["asked", "asked", "ready", "asked"]


def test_what_is_remembered_of_strangers_stays_small() -> None:
    """Paths come before tokens: anybody may send thousands of long ones."""
    anything = route("/any/{rest:path}", direct, ("POST",), direct=True)
    hot = EchoApp(routes=[anything], sample=0).app.hot_path(Limits())
    assert hot is not None
    request = "POST /any/%05d%s HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"

    def ask(number: int) -> None:
        data = (request % (number, "x" * 15_000)).encode()
        assert hot.answer(data, Caller(), []) is not None

    ask(0)
    tracemalloc.start()
    try:
        for number in range(200):
            ask(number)
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


def test_ids_are_new_each_time_and_safe() -> None:
    ids = [new_request_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert all(offered_request_id(each.encode()) == each for each in ids)


def test_no_value_of_a_field_ends_its_line() -> None:
    fields = Fields.of([(b"a", b"1"), (b"b", b"x: y\t\xff")])
    more = Fields(b"etag: t\r\n", fields)
    assert list(more) == [(b"a", b"1"), (b"b", b"x: y\t\xff"), (b"etag", b"t")]
    for value in (b"a\r\nb: c", b"a\nb", b"\0", b"\x7f"):
        with pytest.raises(ValueError, match="line"):
            Fields.of([(b"a", value)])


SMUGGLED = [
    b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\nContent-Length: 0\r\nX: \r\n\r\n",
    b"POST /a HTTP/1.1\r\nContent-Length : 2\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\n Content-Length: 2\r\n\r\n{}",
    b"POST /a HTTP/1.1\nContent-Length: 2\n\n{}\r\n\r\n",
    b"POST /a HTTP/1.1\r\nContent-Length: +2\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\nContent-Length: 2, 2\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /a HTTP/1.1\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
]


@pytest.mark.parametrize("data", SMUGGLED)
def test_where_a_request_ends_is_never_a_matter_of_opinion(data: bytes) -> None:
    end = data.find(b"\r\n\r\n") + 4
    plain = read_plain(data, end, Limits())
    assert plain is None or (plain.length in (0, 2) and data[end : end + 2] in (b"", b"\r\n"))
    twins = [converse(app().app, [data], hot=hot) for hot in (True, False)]
    assert twins[0].data == twins[1].data
