"""Promise: nginx as we configure it spreads requests over nodes, takes another where one dies or
hangs, passes events on at once, shows operators' pages to nobody, and repeats no write.
"""

from __future__ import annotations

import http.client
import re
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from support.deployed import CONFIGURATION, proxied
from support.edge import ACME
from support.event_source import EventSource
from support.node_process import NodeProcess
from support.scripted_server import Reply, scripted_server
from support.servers.running import free_port
from support.snapshots import write_environment
from support.wire import ask

TENANT = {"X-Tenant-ID": "acme"}
EVALUATE = b'{"flag_key": "half", "user": {"id": "u-1"}}'


def status_of(port: int, method: str, path: str, body: bytes | None = None) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, body, TENANT)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def evaluate(port: int) -> tuple[int, float]:
    begun = time.monotonic()
    status = status_of(port, "POST", "/v1/evaluate", EVALUATE)
    return status, time.monotonic() - begun


def test_nodes_fail_over_and_events_come_through(tmp_path: Path) -> None:
    source = tmp_path / "dist"
    write_environment(source, {"acme": ACME})
    with ExitStack() as stack:
        nodes = [stack.enter_context(NodeProcess(source=source, insecure=True)) for _ in range(2)]
        own = [node.port for node in nodes]
        given = {"edge-1:8080": own[0], "edge-2:8080": own[1], "writer:8081": free_port()}
        port = stack.enter_context(proxied(tmp_path / "nginx", given))["nodes"]
        assert {evaluate(port)[0] for _ in range(40)} == {200}
        both = [ask(each, "GET", "/metrics").body.decode() for each in own]
        assert all('path="/v1/evaluate",status="200"' in text for text in both), "both are asked"
        assert [status_of(port, "GET", path) for path in ("/metrics", "/readyz")] == [404, 404]
        stream = EventSource(port, "/v1/events", TENANT)
        assert stream.status == 200
        write_environment(source, {"acme": ACME}, sequence=2)
        begun = time.monotonic()
        assert stream.event().id
        assert time.monotonic() - begun < 3, "held back by a buffer"
        stream.close()

        statuses = _while(nodes[0].process.kill, port)
        assert set(statuses) == {200}, "the node that is left answers all"
        assert len(statuses) > 50


def test_a_node_that_hangs_costs_one_wait(tmp_path: Path) -> None:
    source = tmp_path / "dist"
    write_environment(source, {"acme": ACME})
    with ExitStack() as stack:
        nodes = [stack.enter_context(NodeProcess(source=source, insecure=True)) for _ in range(2)]
        own = [node.port for node in nodes]
        given = {"edge-1:8080": own[0], "edge-2:8080": own[1], "writer:8081": free_port()}
        port = stack.enter_context(proxied(tmp_path / "nginx", given))["nodes"]
        nodes[1].process.send_signal(signal.SIGSTOP)
        try:
            found = [evaluate(port) for _ in range(20)]
        finally:
            nodes[1].process.send_signal(signal.SIGCONT)
        assert {status for status, _ in found} == {200}
        slow = [seconds for _, seconds in found if seconds > 1]
        assert len(slow) == 1
        assert slow[0] < 4


def test_a_write_is_sent_once(tmp_path: Path) -> None:
    """A writer that closes without an answer may have committed: only the caller may try again."""
    with scripted_server(lambda _: Reply(raw=b"")) as server:
        given = {"edge-1:8080": free_port(), "edge-2:8080": free_port()}
        with proxied(tmp_path / "nginx", {**given, "writer:8081": server.port}) as ports:
            status = status_of(ports["writer"], "PUT", "/v1/flags/f/state", b"{}")
        assert status == 502
        assert len(server.asked) == 1


def _while(happens: Callable[[], None], port: int) -> list[int]:
    """What is answered while something happens a moment after the first request."""
    timer = threading.Timer(0.1, happens)
    timer.start()
    end = time.monotonic() + 1
    statuses = []
    while time.monotonic() < end:
        statuses.append(evaluate(port)[0])
    timer.join()
    return statuses


def test_retries_are_where_answers_read_alone() -> None:
    writer = CONFIGURATION.partition("listen 8081")[2]
    assert "proxy_next_upstream off;" in writer
    assert re.search(r"proxy_next_upstream [^;]*non_idempotent", writer) is None


@pytest.mark.parametrize("setting", ["proxy_buffering off;"])
def test_streams_are_not_buffered(setting: str) -> None:
    assert CONFIGURATION.count(setting) == 2
