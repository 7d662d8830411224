"""What arrives on the wire: bounded in size and time, whole before it is looked at, never lost.

Every refusal is a JSON answer; nothing a client sends takes down the connection of another.
"""

import gc
import socket
import threading
from collections.abc import Iterator

import pytest

from burgee_http.call import Call, Reply
from burgee_http.endpoint import route
from burgee_http.limits import Limits
from burgee_http.protocol import BoundedProtocol
from burgee_http.serve import bind
from support.echo_app import EchoApp
from support.wire import Answer, Wire, ask, running

LIMITS = Limits(
    head_bytes=2048,
    head_fields=20,
    head_seconds=0.3,
    body_bytes=4096,
    body_seconds=0.4,
    keep_alive_seconds=5.0,
    linger_seconds=0.5,
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(EchoApp().app, LIMITS) as port:
        yield port


def head(*fields: str, line: str = "POST /echo HTTP/1.1") -> bytes:
    return "\r\n".join([line, "Host: localhost", *fields, "", ""]).encode("latin-1")


def refused(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["access-control-allow-origin"] == "*"
    error = answer.json()["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


PLAIN = head("Content-Length: 5") + b"hello"
CHUNKED = head("Transfer-Encoding: chunked") + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
H2C = head(
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAAB",
    "Content-Length: 5",
)
WEBSOCKET = head("Connection: keep-alive, upgrade", "Upgrade: websocket", "Content-Length: 5")
H2C_CHUNKED = head("Connection: Upgrade", "Upgrade: h2c", "Transfer-Encoding: chunked")

WHOLE = {
    "content-length": PLAIN,
    "chunked": CHUNKED,
    "h2c": H2C + b"hello",
    "websocket": WEBSOCKET + b"hello",
    "h2c-chunked": H2C_CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", WHOLE.values(), ids=WHOLE)
def test_the_body_arrives_whole_however_the_request_is_cut(port: int, request_bytes: bytes) -> None:
    with Wire(port) as wire:
        for cut in range(0, len(request_bytes), 7):
            wire.send(request_bytes[:cut])
            wire.send(request_bytes[cut:])
            answer = wire.answer()
            assert answer.status == 200
            assert answer.json()["body"] == "hello"


@pytest.mark.parametrize("request_bytes", WHOLE.values(), ids=WHOLE)
def test_one_byte_at_a_time(port: int, request_bytes: bytes) -> None:
    with Wire(port) as wire:
        for at in range(len(request_bytes)):
            wire.send(request_bytes[at : at + 1])
        assert wire.answer().json()["body"] == "hello"


def test_offers_to_upgrade_do_not_reach_the_handler(port: int) -> None:
    with Wire(port) as wire:
        wire.send(H2C + b"hello")
        headers = wire.answer().json()["headers"]
    assert headers == {"host": "localhost", "content-length": "5"}


def test_an_upgrade_keeps_what_else_connection_says(port: int) -> None:
    fields = ("Connection: close, Upgrade", "Upgrade: h2c", "Content-Length: 2")
    with Wire(port) as wire:
        wire.send(head(*fields) + b"{}")
        answer = wire.answer()
        assert answer.headers["connection"] == "close"
        assert wire.closed()


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    with Wire(port) as wire:
        wire.send(b"".join(WHOLE.values()) * 3)
        for _ in range(3 * len(WHOLE)):
            assert wire.answer().json()["body"] == "hello"


def test_a_pipelined_request_may_come_in_pieces() -> None:
    echo = EchoApp()
    with running(echo.app, LIMITS) as port, Wire(port) as wire:
        wire.send(head(line="GET /wait HTTP/1.1") + PLAIN[:-2])
        assert echo.entered.wait(5)
        echo.go.set()
        assert wire.answer().json()["path"] == "/wait"
        wire.send(PLAIN[-2:] + PLAIN)
        assert [wire.answer().json()["body"] for _ in range(2)] == ["hello", "hello"]


def test_trailers_are_no_headers(port: int) -> None:
    trailer = b"5\r\nhello\r\n0\r\nX-Tenant-ID: other\r\n\r\n"
    with Wire(port) as wire:
        wire.send(head("Transfer-Encoding: chunked") + trailer)
        headers = wire.answer().json()["headers"]
        assert isinstance(headers, dict)
        assert "x-tenant-id" not in headers


def test_expect_continue_is_answered_before_the_body(port: int) -> None:
    with Wire(port) as wire:
        wire.send(head("Expect: 100-continue", "Content-Length: 5"))
        assert wire.answer().status == 100
        wire.send(b"hello")
        assert wire.answer().json()["body"] == "hello"


def test_http_1_0_is_closed_after_the_answer(port: int) -> None:
    with Wire(port) as wire:
        wire.send(head(line="GET /echo HTTP/1.0"))
        assert wire.answer().status == 200
        assert wire.closed()


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("//echo", "/echo"),
        ("///echo///a", "/echo/a"),
        ("/echo?u=http://x//y", "/echo"),
    ],
)
def test_repeated_slashes_are_one(port: int, target: str, path: str) -> None:
    answer = ask(port, "GET", target)
    assert answer.status == 200
    assert answer.json()["path"] == path


def test_the_query_keeps_its_slashes(port: int) -> None:
    assert ask(port, "GET", "//echo?u=http://x//y").json()["query"] == [["u", "http://x//y"]]


FITS = 2048 - len(head("X-Pad: "))


def test_a_head_of_exactly_the_limit_passes(port: int) -> None:
    padded = head("X-Pad: " + "a" * FITS)
    assert len(padded) == 2048
    with Wire(port) as wire:
        wire.send(padded)
        assert wire.answer().status == 200


TOO_LARGE_HEADS = {
    "a byte too many": head("X-Pad: " + "a" * (FITS + 1)),
    "one long field": head("X-Pad: " + "a" * 100_000),
    "never ends": b"POST /echo HTTP/1.1\r\nX-Pad: " + b"a" * 5000,
    "long target": head(line=f"GET /echo?{'a' * 5000} HTTP/1.1"),
    "endless target": b"GET /" + b"a" * 5000,
    "many fields": head(*(f"X-{n}: 1" for n in range(20))),
    "long h2c": head("Connection: Upgrade", "Upgrade: h2c", "X-Pad: " + "a" * 5000),
}


@pytest.mark.parametrize("request_bytes", TOO_LARGE_HEADS.values(), ids=TOO_LARGE_HEADS)
def test_large_heads_are_431(port: int, request_bytes: bytes) -> None:
    with Wire(port) as wire:
        wire.send(request_bytes)
        refused(wire.answer(), 431, "head_too_large")
        assert wire.closed()


def test_exactly_the_most_fields_pass(port: int) -> None:
    with Wire(port) as wire:
        wire.send(head(*(f"X-{n}: 1" for n in range(19))))
        assert wire.answer().status == 200


def test_a_large_head_that_begins_behind_a_request_is_431(port: int) -> None:
    with Wire(port) as wire:
        wire.send(PLAIN + b"GET /echo HTTP/1.1\r\nX-Pad: " + b"a" * 7000)
        assert wire.answer().status == 200
        wire.send(b"\r\n\r\n")
        refused(wire.answer(), 431, "head_too_large")


def test_a_large_head_after_other_requests_is_431(port: int) -> None:
    with Wire(port) as wire:
        wire.send(PLAIN * 20 + head("X-Pad: " + "a" * 5000))
        assert [wire.answer().status for _ in range(20)] == [200] * 20
        refused(wire.answer(), 431, "head_too_large")


TOO_LARGE_BODIES = {
    "by its length": head("Content-Length: 4097"),
    "by its length, offered": head("Content-Length: 4097", "Expect: 100-continue"),
    "huge length": head("Content-Length: 99999999999999"),
    "with its body": head("Content-Length: 4097") + b"a" * 4097,
    "in chunks": head("Transfer-Encoding: chunked") + b"1000\r\n" + b"a" * 4096 + b"\r\n1\r\na\r\n",
    "one large chunk": head("Transfer-Encoding: chunked") + b"2000\r\n" + b"a" * 8192,
    "under h2c": head("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 9000"),
}


@pytest.mark.parametrize("request_bytes", TOO_LARGE_BODIES.values(), ids=TOO_LARGE_BODIES)
def test_large_bodies_are_413(port: int, request_bytes: bytes) -> None:
    with Wire(port) as wire:
        wire.send(request_bytes)
        refused(wire.answer(), 413, "body_too_large")
        assert wire.closed()


def test_a_body_of_exactly_the_limit_passes(port: int) -> None:
    assert ask(port, "POST", "/echo", body=b"a" * 4096).json()["length"] == 4096


@pytest.mark.parametrize("start", [b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"])
def test_a_length_may_have_thousands_of_zeros(start: bytes) -> None:
    length = b"Content-Length: " + b"0" * 5000 + b"5\r\n\r\n"
    with running(EchoApp().app) as port, Wire(port) as wire:
        wire.send(b"POST /echo HTTP/1.1\r\n" + start + length + b"he")
        ask(port, "GET", "/echo")  # so the half request has been read
        wire.send(b"llo")
        assert wire.answer().json()["body"] == "hello"


def test_the_refusal_reaches_a_client_that_sends_all_before_it_reads(port: int) -> None:
    body = b"a" * 3_000_000
    with Wire(port) as wire:
        wire.send(head(f"Content-Length: {len(body)}"))
        sender = threading.Thread(target=wire.send, args=(body,))
        sender.start()
        refused(wire.answer(), 413, "body_too_large")
        sender.join(5)
        assert not sender.is_alive()


def test_a_flood_of_chunk_extensions_is_413(port: int) -> None:
    chunk = b"1;" + b"x" * 1000 + b"\r\na\r\n"
    with Wire(port) as wire:
        wire.send(head("Transfer-Encoding: chunked") + chunk * 300)
        refused(wire.answer(), 413, "body_too_large")


SLOW = {
    "half a line": b"POST /ec",
    "half a head": b"POST /echo HTTP/1.1\r\nHost: x\r\n",
    "half a body": head("Content-Length: 5") + b"he",
    "half a chunk": head("Transfer-Encoding: chunked") + b"5\r\nhe",
    "no last chunk": head("Transfer-Encoding: chunked") + b"5\r\nhello\r\n",
    "after a whole request": PLAIN + b"POST /ec",
    "half an h2c body": H2C + b"he",
}


@pytest.mark.parametrize(("name", "request_bytes"), SLOW.items(), ids=SLOW)
def test_slow_requests_are_408(port: int, name: str, request_bytes: bytes) -> None:
    with Wire(port) as wire:
        wire.send(request_bytes)
        if name.startswith("after"):
            assert wire.answer().status == 200
        refused(wire.answer(), 408, "request_timeout")
        assert wire.closed()


@pytest.mark.parametrize("start", [b"GET /echo HTTP/1.1\r\nX: ", head("Content-Length: 4000")])
def test_a_byte_now_and_then_does_not_help(port: int, start: bytes) -> None:
    with Wire(port) as wire:
        wire.send(start)
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.05):
                try:
                    wire.send(b"a")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            refused(wire.answer(), 408, "request_timeout")
        finally:
            stop.set()
            dripping.join()


def test_a_connection_without_a_request_is_closed(port: int) -> None:
    with Wire(port) as wire:
        assert wire.closed()


def test_line_ends_alone_do_not_hold_a_connection(port: int) -> None:
    with Wire(port) as wire:
        wire.send(b"\r\n" * 10)
        assert wire.closed()


def test_slow_clients_do_not_hold_up_others(port: int) -> None:
    slow = [Wire(port) for _ in range(50)]
    for wire in slow:
        wire.send(b"POST /echo HTTP/1.1\r\nContent-Le")
    assert ask(port, "GET", "/echo").status == 200
    for wire in slow:
        refused(wire.answer(), 408, "request_timeout")
        wire.__exit__()


BAD = {
    "no http": b"hello\r\n\r\n",
    "binary": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "http 2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version": head(line="GET /echo HTTP/9.9"),
    "field name": head("B ad: 1"),
    "two lengths": head("Content-Length: 3", "Content-Length: 4") + b"abcd",
    "length and chunked": head("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "negative length": head("Content-Length: -1"),
    "bad chunk": head("Transfer-Encoding: chunked") + b"zz\r\n",
    "another coding": head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "two codings": head("Transfer-Encoding: identity", "Transfer-Encoding: chunked"),
    "chunked twice": head("Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
    "chunked in 1.0": head("Transfer-Encoding: chunked", line="POST /echo HTTP/1.0"),
    "folded field": head("X-Tenant-ID: acme\r\n other"),
    "old http": b"GET /echo\r\n\r\n",
    "http 2 without preface": head(line="GET /echo HTTP/2.0"),
    "connect": head(line="CONNECT example.com:443 HTTP/1.1"),
    "no path": head(line="GET http://localhost HTTP/1.1"),
    "not ascii": "GET /ech\xf6 HTTP/1.1\r\nHost: x\r\n\r\n".encode("latin-1"),
    "lone line feeds": b"GET /echo HTTP/1.1\nHost: x\n\n",
}


@pytest.mark.parametrize(("name", "request_bytes"), BAD.items(), ids=BAD)
def test_bad_http_is_400(port: int, name: str, request_bytes: bytes) -> None:
    with Wire(port) as wire:
        wire.send(request_bytes)
        refused(wire.answer(), 400, "bad_request")
        assert wire.closed()


def test_bad_http_after_a_request_does_not_take_its_answer() -> None:
    echo = EchoApp()
    with running(echo.app, LIMITS) as port, Wire(port) as wire:
        wire.send(head(line="GET /wait HTTP/1.1") + b"nonsense\r\n\r\n")
        assert echo.entered.wait(5)
        echo.go.set()
        assert wire.answer().json()["path"] == "/wait"
        refused(wire.answer(), 400, "bad_request")


def test_a_large_body_behind_a_request_does_not_take_its_answer() -> None:
    echo = EchoApp()
    with running(echo.app, LIMITS) as port, Wire(port) as wire:
        wire.send(head(line="GET /wait HTTP/1.1") + head("Content-Length: 5000") + b"a" * 5000)
        assert echo.entered.wait(5)
        echo.go.set()
        assert wire.answer().json()["path"] == "/wait"
        refused(wire.answer(), 413, "body_too_large")


def test_head_requests_get_no_body(port: int) -> None:
    answer = ask(port, "HEAD", "/echo")
    assert answer.status == 200
    assert int(answer.headers["content-length"]) > 0


def test_a_client_that_does_not_read_is_let_go() -> None:
    """Answers that nobody fetches are not kept for ever."""
    limits = Limits(write_seconds=0.3)
    echo = EchoApp(sample=0)
    with running(echo.app, limits) as port, Wire(port) as wire:
        big = head("Content-Length: 1000", "X-Pad: " + "a" * 10_000) + b"a" * 1000
        with pytest.raises(ConnectionError):
            wire.send(big * 10_000)


def test_the_last_answer_is_not_kept_for_who_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that fits into the buffers, so that nothing else tells that it is not read."""

    def bind_small(host: str, port: int) -> socket.socket:
        listening = bind(host, port)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return listening

    lost = threading.Event()

    def connection_lost(self: BoundedProtocol, exc: Exception | None) -> None:
        end(self, exc)
        lost.set()

    end = BoundedProtocol.connection_lost
    monkeypatch.setattr(BoundedProtocol, "connection_lost", connection_lost)
    monkeypatch.setattr("support.wire.bind", bind_small)
    echo = EchoApp(routes=[route("/some", lambda call: Reply(200, b"a" * 60_000))])
    with running(echo.app, Limits(write_seconds=0.3)) as port, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(("127.0.0.1", port))
        client.sendall(head("Connection: close", line="GET /some HTTP/1.1"))
        assert lost.wait(5)


@pytest.mark.parametrize("size", [3000, 200_000])
def test_a_flood_of_pipelined_requests_is_not_all_held(size: int) -> None:
    """A request is far larger in memory than on the wire."""
    waiting: list[int] = []
    connections: list[BoundedProtocol] = []

    def count(call: Call) -> Reply:
        if not connections:
            connections[:] = [c for c in gc.get_objects() if type(c).__name__ == "BoundedProtocol"]
        waiting.append(max(len(connection.pipeline) for connection in connections))
        return Reply(200, b"{}")

    echo = EchoApp(routes=[route("/count", count)], sample=0)
    with running(echo.app) as port, Wire(port) as wire:
        flood = b"GET /count HTTP/1.1\r\n\r\n" * 4000 + PLAIN

        def send() -> None:
            for at in range(0, len(flood), size):
                wire.send(flood[at : at + size])

        sender = threading.Thread(target=send)
        sender.start()
        for _ in range(4000):
            assert wire.answer().body == b"{}"
        assert wire.answer().json()["body"] == "hello"
        sender.join()
    assert len(waiting) == 4000
    assert max(waiting) < 500
