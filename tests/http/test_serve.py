"""A server says where it listens, ends within a bound when told to, and drops no request."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import burgee_http
from burgee_http.limits import Limits
from burgee_http.serve import ServeError, bind
from support import echo_app
from support.echo_app import EchoApp
from support.wire import Answer, Wire, ask, running

PATHS = [Path(burgee_http.__file__ or "").parents[1], Path(echo_app.__file__).parents[1]]
CHILD = """
import sys
from burgee_http.serve import Listener, serve
from support.echo_app import EchoApp

echo, admin = EchoApp(sample=0), EchoApp(sample=0)
sys.exit(serve(
    [Listener(echo.app), Listener(admin.app)],
    grace_seconds=float(sys.argv[1]),
    stopping=lambda: print("stopping", flush=True),
))
"""


class Child:
    def __init__(self, grace: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(grace)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS))},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.port = int(self.line.rpartition(":")[2])

    def finish(self) -> str:
        output, _ = self.process.communicate(timeout=15)
        return output


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(grace=5)
    yield child
    child.process.kill()
    child.process.communicate()


def test_it_prints_where_it_listens(child: Child) -> None:
    assert child.line.startswith("listening on http://127.0.0.1:")
    assert ask(child.port, "GET", "/echo").status == 200


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it(child: Child, number: signal.Signals, code: int) -> None:
    with Wire(child.port) as idle:
        idle.send(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.answer().status == 200
        child.process.send_signal(number)
        assert idle.closed()
    assert "stopping" in child.finish().splitlines()
    assert child.process.returncode == code


def test_idle_connections_are_answered_once_more() -> None:
    """A client that sends just when the server stops must not lose its request."""
    echo = EchoApp()
    told = threading.Event()
    request = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"
    answers: list[Answer] = []

    def ask_again(idle: Wire) -> None:
        assert told.wait(10)
        for wire in (idle, Wire(idle.port)):  # who comes only now is answered too
            with wire:
                wire.send(request)
                answers.append(wire.answer())
                assert wire.closed()

    with running(echo.app, grace=30, drain=30, stopping=told.set) as port:
        idle = Wire(port)
        idle.send(request)
        assert "connection" not in idle.answer().headers
        later = threading.Thread(target=ask_again, args=[idle])
        later.start()
    later.join()
    assert [answer.headers["connection"] for answer in answers] == ["close", "close"]


def test_the_end_is_bounded() -> None:
    child = Child(grace=0.5)
    with Wire(child.port) as wire:
        wire.send(b"GET /echo HTTP/1.1\r\nHos")
        ask(child.port, "GET", "/echo")  # so the half request has been read
        child.process.send_signal(signal.SIGTERM)
        child.finish()
        assert wire.closed()
    assert child.process.returncode == 0


def test_requests_under_way_are_finished() -> None:
    echo = EchoApp()
    half = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe"
    with running(echo.app, Limits(), 10) as port:
        waiting, body, line = Wire(port), Wire(port), Wire(port)
        waiting.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        body.send(half)
        line.send(b"GET /ec")
        assert echo.entered.wait(5)
        assert ask(port, "GET", "/echo").status == 200

        def finish() -> None:
            body.send(b"llo")
            line.send(b"ho HTTP/1.1\r\nHost: x\r\n\r\n")
            echo.go.set()

        later = threading.Timer(0.5, finish)  # well after the server was told to stop
        later.start()
    for wire in (waiting, body, line):
        answer = wire.answer()
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert wire.closed()
        wire.__exit__()
    later.join()


def test_a_request_that_is_cut_off_gets_an_answer_in_json() -> None:
    echo = EchoApp()
    with running(echo.app, grace=0.2) as port:
        wire = Wire(port)
        wire.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        assert echo.entered.wait(5)
        later = threading.Timer(0.6, echo.go.set)  # a thread cannot be cut off
        later.start()
    with wire:
        answer = wire.answer()
    later.join()
    assert answer.status == 503
    assert answer.json()["error"] == {
        "code": "stopping",
        "message": "The server stopped before this was done.",
    }


def test_a_taken_port_is_told() -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(ServeError, match=r"cannot listen on 127\.0\.0\.1"):
            bind("127.0.0.1", taken.getsockname()[1])


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ServeError, match=r"192\.0\.2\.1"):
        bind("192.0.2.1", 0)
