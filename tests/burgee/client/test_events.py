"""Promise: a node's events make a client look at once; without them it looks now and then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from burgee import Client
from support.scripted_node import Reply, ScriptedNode, scripted_node
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

ON = TenantParts({"f": flag("on")})
OFF = TenantParts({"f": flag("off")})


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ScriptedNode]:
    write_environment(tmp_path, {"acme": ON}, sequence=1)
    with scripted_node(tmp_path) as found:
        found.events = True
        yield found


def connect(node: ScriptedNode, poll_seconds: float = 3600.0) -> Client:
    return Client(
        node.url,
        tenant="acme",
        token="key",
        allow_unsigned=True,
        poll_seconds=poll_seconds,
        timeout=2.0,
    )


def streams_asked(node: ScriptedNode) -> list[str]:
    return [
        each.headers.get("last-event-id", "") for each in node.asked if each.path == "/v1/events"
    ]


def test_an_event_is_a_call_to_look(node: ScriptedNode) -> None:
    with connect(node) as client:
        until(lambda: node.streams, "the stream")
        write_environment(node.root, {"acme": OFF}, sequence=2)
        node.tell(": keep-alive\n\n")
        node.tell("id: 0.2-abcdef01\r\nevent: x\r\ndata: not\r\ndata: JSON\r\n\r\n")
        until(lambda: client.evaluate("f", {}, True) is False, "the newer one")
    (asked,) = [each for each in node.asked if each.path == "/v1/events"]
    assert asked.headers["accept"] == "text/event-stream"
    assert asked.headers["authorization"] == "Bearer key"
    assert asked.headers["x-tenant-id"] == "acme"


def test_keep_alives_alone_are_no_call(node: ScriptedNode) -> None:
    with connect(node):
        until(lambda: node.streams, "the stream")
        count = len(node.asked)
        node.tell(": \n\n: \n\nid: 0.2-abcdef01\n\n\n")
        node.streams[0].close()
        until(lambda: len(streams_asked(node)) > 1, "the next stream")
        assert {each.path for each in node.asked[count:]} == {"/v1/events"}


@pytest.mark.parametrize("name", ["a\rX: y", "a\x01b", "é", "a b", "x" * 201])
def test_an_id_that_no_header_takes_is_not_sent_back(node: ScriptedNode, name: str) -> None:
    with connect(node):
        until(lambda: node.streams, "the stream")
        node.tell("id: 0.2-abcdef01\n\n" + f"id: {name}\n\n")
        node.streams[0].close()
        until(lambda: len(streams_asked(node)) > 1, "the next stream")
    assert streams_asked(node)[:2] == ["", "0.2-abcdef01"]


def test_a_stream_that_ends_is_opened_again_where_it_was(node: ScriptedNode) -> None:
    with connect(node) as client:
        until(lambda: node.streams, "the stream")
        node.tell()
        until(lambda: len(node.asked) > 3, "the look")
        node.streams[0].close()
        until(lambda: len(node.streams) > 1, "the next stream")
        assert streams_asked(node) == ["", "0.2-abcdef01"]
        write_environment(node.root, {"acme": OFF}, sequence=2)
        node.tell()
        until(lambda: client.evaluate("f", {}, True) is False, "the newer one")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, b"{}"),
        Reply(503, b"{}"),
        Reply(200, b"hello"),
        Reply(raw=b""),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + b"x" * 200_000),
    ],
)
def test_without_events_it_is_polled(node: ScriptedNode, reply: Reply) -> None:
    node.fault = lambda asked: reply if asked.path == "/v1/events" else None
    with connect(node, poll_seconds=0.05) as client:
        until(lambda: streams_asked(node), "events are asked for")
        write_environment(node.root, {"acme": OFF}, sequence=2)
        until(lambda: client.evaluate("f", {}, True) is False, "the newer one")


def test_closing_ends_a_stream_at_once(node: ScriptedNode) -> None:
    client = connect(node)
    until(lambda: node.streams, "the stream")
    client.close()
    assert node.streams[0].recv(1) == b""
