"""Promise: whatever a node or the network does, the last good snapshot is evaluated, and the client
says what is wrong and comes back by itself."""

import logging
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from burgee import Client
from support.scripted_node import Asked, Reply, ScriptedNode, scripted_node
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

ON = TenantParts({"f": flag("on")})
OFF = TenantParts({"f": flag("off")})
ORDER = {"Burgee-Order": "0.9", "Burgee-Version": "9-abcdef0"}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ScriptedNode]:
    write_environment(tmp_path, {"acme": ON}, sequence=5)
    with scripted_node(tmp_path) as found:
        yield found


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses begin with less, so that the tests need not wait for as long."""
    monkeypatch.setattr("burgee.client.follower._FIRST_PAUSE", 0.05)


def connect(node: ScriptedNode, **more: Any) -> Client:
    given = {
        "tenant": "acme",
        "allow_unsigned": True,
        "poll_seconds": 0.05,
        "timeout": 1.0,
        "events": False,
        **more,
    }
    return Client(node.url, **given)


def trouble(client: Client) -> str:
    found = client.state.trouble
    return "" if found is None else found.reason


def on(part: str, reply: Reply) -> Callable[[Asked], Reply | None]:
    return lambda asked: reply if part in asked.path else None


FAULTS = {
    "500": (on("/set/", Reply(500, b"{}")), "unreachable"),
    "503 for a time": (on("/set/", Reply(503, b"{}", {"Retry-After": "0"})), "unreachable"),
    "429": (on("/set/", Reply(429, b"{}")), "unreachable"),
    "401": (on("/set/", Reply(401, b"{}")), "unauthenticated"),
    "403": (on("/set/", Reply(403, b"{}")), "forbidden"),
    "404": (on("/set/", Reply(404, b"{}")), "not_found"),
    "a redirect": (on("/set/", Reply(302, b"", {"Location": "http://127.0.0.1:1/"})), "redirect"),
    "no order": (on("manifest.json", Reply(200, b"{}")), "malformed"),
    "a bad version": (
        on("manifest.json", Reply(200, b"{}", {**ORDER, "Burgee-Version": "9-x\ty"})),
        "malformed",
    ),
    "no manifest": (on("manifest.json", Reply(200, b"<html>", ORDER)), "malformed"),
    "an empty manifest": (on("manifest.json", Reply(200, b"", ORDER)), "malformed"),
    "no HTTP": (on("/set/", Reply(raw=b"SSH-2.0-x\r\n")), "unreachable"),
    "nothing": (on("/set/", Reply(raw=b"")), "unreachable"),
    "half a head": (on("/set/", Reply(raw=b"HTTP/1.1 200 OK\r\nContent-")), "malformed"),
    "half a body": (
        on("/set/", Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")),
        "unreachable",
    ),
    "half a chunk": (
        on("/set/", Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{")),
        "unreachable",
    ),
    "an endless head": (
        on("/set/", Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200)),
        "unreachable",
    ),
    "a document without end": (
        lambda asked: (
            Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000)
            if "flags-" in asked.path
            else None
        ),
        "too_large",
    ),
    "a damaged document": (on("flags-", Reply(200, b"{}")), "digest"),
    "a missing document": (on("flags-", Reply(404, b"{}")), "unreadable"),
    "silence": (on("/set/", Reply(raw=b"HTTP/1.1 200 OK\r\n", hang=True)), "unreachable"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_last_good_one_is_kept(
    node: ScriptedNode, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    fault, reason = FAULTS[name]
    with connect(node, timeout=0.4) as client:
        assert client.evaluate("f", {}, False) is True
        node.fault = fault
        write_environment(node.root, {"acme": OFF}, sequence=6)
        until(lambda: trouble(client) == reason, f"{reason}, not {client.state}")
        assert client.evaluate("f", {}, False) is True
        count = len(node.asked)
        until(lambda: len(node.asked) > count, "it is asked again")
        told = [each for each in caplog.records if reason in each.getMessage()]
        assert len(told) == 1, "said once, not on every try"
        node.fault = lambda asked: None
        until(lambda: client.evaluate("f", {}, True) is False, "it comes back by itself")
        assert trouble(client) == ""


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_served_from_the_start(node: ScriptedNode, name: str) -> None:
    node.fault, reason = FAULTS[name]
    with connect(node, timeout=0.4) as client:
        assert client.evaluate("f", {}, True) is True
        assert client.details("f", {}, True).problem == "not_ready"
        assert trouble(client) == reason
        fatal = reason in ("unauthenticated", "forbidden")
        assert client.state.status == ("fatal" if fatal else "not_ready")


def test_a_slow_answer_is_given_up(node: ScriptedNode) -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000
    with connect(node, timeout=0.1) as client:
        node.fault = on("/set/", Reply(raw=body, piece=1, pause=0.05))
        until(lambda: trouble(client) == "unreachable", "it is given up")
        assert client.evaluate("f", {}, False) is True


def test_a_node_that_goes_and_comes_back(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ON}, sequence=5)
    with scripted_node(tmp_path) as node:
        client = connect(node)
        port = node.port
    with client:
        until(lambda: trouble(client) == "unreachable", "the connection is refused")
        assert client.evaluate("f", {}, False) is True
        assert str(port) in str(client.state.trouble)


def test_an_older_node_behind_the_same_address(node: ScriptedNode) -> None:
    with connect(node) as client:
        write_environment(node.root, {"acme": OFF}, sequence=4)
        until(lambda: trouble(client) == "older", "the refusal")
        assert client.evaluate("f", {}, False) is True
        write_environment(node.root, {"acme": ON}, sequence=5)
        until(lambda: trouble(client) == "", "the same as ever")


def test_two_contents_of_one_order_do_not_alternate(node: ScriptedNode) -> None:
    """Nodes with an older and a newer compiler: the other content is taken, once."""
    with connect(node) as client:
        write_environment(node.root, {"acme": OFF}, sequence=5)
        until(lambda: client.evaluate("f", {}, True) is False, "the other content")
        write_environment(node.root, {"acme": ON}, sequence=5)
        until(lambda: trouble(client) == "conflict", "the refusal")
        assert client.evaluate("f", {}, True) is False


def test_what_is_known_is_not_sent_again(node: ScriptedNode) -> None:
    with connect(node) as client:
        until(lambda: len(node.asked) > 6, "polls")
        assert client.state.status == "ready"
    documents = [each.path for each in node.asked if "-" in each.path]
    assert len(documents) == len(set(documents)) == 2
    (etag,) = {
        each.headers["if-none-match"] for each in node.asked[-3:] if "manifest.json" in each.path
    }
    body = next((node.root / "production" / "acme").glob("manifest-*.json")).read_bytes()
    assert etag == f'"{sha256(body).hexdigest()}"'


def test_a_refused_manifest_is_not_taken_for_known(node: ScriptedNode) -> None:
    """Its ETag goes along only once its documents are held."""
    node.fault = on("flags-", Reply(500, b"{}"))
    with connect(node) as client:
        assert not client.ready()
        node.fault = lambda asked: None
        assert client.ready(20)


@pytest.mark.parametrize("how", ["text", "function"])
def test_the_token_is_sent_and_never_told(
    node: ScriptedNode, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with connect(node, token="s3cret" if how == "text" else lambda: "s3cret") as client:
        assert client.evaluate("f", {}, False) is True
        assert "s3cret" not in repr(client)
        node.fault = on("/set/", Reply(401, b"{}"))
        until(lambda: trouble(client) == "unauthenticated", "the refusal")
        assert "s3cret" not in str(client.state)
    assert {each.headers["authorization"] for each in node.asked} == {"Bearer s3cret"}
    assert {each.headers["x-tenant-id"] for each in node.asked} == {"acme"}
    assert "s3cret" not in caplog.text


def broken() -> str:
    raise RuntimeError("s3cret")


@pytest.mark.parametrize(
    ("token", "reason"),
    [("s3cret\r\nX: y", "unauthenticated"), ("s3crét", "unauthenticated"), (broken, "token")],
)
def test_a_bad_token_goes_nowhere(
    node: ScriptedNode, token: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(node, token=token) as client:
        assert trouble(client) == reason
        assert "s3cr" not in str(client.state)
    assert node.asked == []
    assert "s3cr" not in caplog.text


def test_a_start_waits_for_no_longer_than_it_is_told(node: ScriptedNode) -> None:
    node.fault = on("/", Reply(raw=b"", hang=True))
    with connect(node, timeout=30.0, start_wait=0.01) as client:
        assert client.evaluate("f", {}, True) is True
        assert not client.ready(0.01)


def test_uncommitted_trees_come_from_this_machine_alone(node: ScriptedNode) -> None:
    with connect(node) as client:
        write_environment(node.root, {"acme": OFF}, sequence=0, version="0-abcdef01")
        until(lambda: client.evaluate("f", {}, True) is False, "the uncommitted one")


@pytest.mark.parametrize(
    "name", ["../../victim", "/etc", "..", "", "a/b", "a\\r\\nX: y", "a b", "é", "x" * 200]
)
def test_an_environment_that_is_none_names_no_folder(
    node: ScriptedNode, tmp_path: Path, name: str
) -> None:
    (tmp_path / "victim").mkdir(mode=0o755)
    node.fault = on("/v1/status", Reply(200, b'{"environment":"%b"}' % name.encode()))
    before = sorted(tmp_path.rglob("*"))
    with connect(node, cache_dir=tmp_path / "a" / "b") as client:
        assert trouble(client) == "malformed"
    assert [each.path for each in node.asked if each.path != "/v1/status"] == []
    assert sorted(tmp_path.rglob("*")) == before


def test_no_document_is_read_without_end(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest may say that one has 10^18 bytes; memory is smaller than that."""
    monkeypatch.setattr("burgee.client.edge._MOST_DOCUMENT", 100_000)
    manifest = next((node.root / "production" / "acme").glob("manifest-*.json")).read_bytes()
    told = re.sub(rb'"bytes":[0-9]+', b'"bytes":%d' % 10**18, manifest)
    flood = Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000)

    def fault(asked: Asked) -> Reply | None:
        if "manifest.json" in asked.path:
            return Reply(200, told, ORDER)
        return flood if "flags-" in asked.path else None

    node.fault = fault
    with connect(node) as client:
        assert trouble(client) == "too_large"
