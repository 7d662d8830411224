"""Promise: a call over Redis or NATS has a change served within a second however rarely the source
is looked at; whoever hands calls on may be away, come back or say anything, and nobody notices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from redis import Redis

from burgee_compiler.publish.notify import Notifier, notifiers
from burgee_edge.sources.wake_url import read_wake_url
from support.edge import ACME
from support.edge_process import EdgeProcess, edge_process
from support.servers.nats import nats_server
from support.servers.nginx import nginx_server
from support.servers.redis import redis_server
from support.servers.running import free_port
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

RARELY = ("--allow-unsigned", "--poll-seconds", "100")
Server = Callable[[Path, int | None], AbstractContextManager[str]]


class Dist:
    """A set behind a web server, so that no file event tells of a change."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self._root = folder / "dist"
        self._sequence = 0
        self.publish()

    def publish(self) -> int:
        self._sequence += 1
        parts = TenantParts({**ACME.flags, "f": flag("on" if self._sequence % 2 else "off")})
        write_environment(self._root, {"acme": parts}, sequence=self._sequence)
        return self._sequence


@contextmanager
def web(folder: Path) -> Iterator[Dist]:
    (folder / "dist").mkdir()
    inside = f"location / {{ root {folder}/dist; etag off; }}"
    with nginx_server(folder / "nginx", inside) as url:
        yield Dist(folder, url)


def sequence(node: EdgeProcess) -> float:
    return node.metric("burgee_snapshot_sequence")


@pytest.mark.parametrize("server", [redis_server, nats_server])
def test_called_it_looks_at_once(tmp_path: Path, server: Server) -> None:
    port = free_port()
    with web(tmp_path) as dist, ExitStack() as running:
        wake = running.enter_context(server(tmp_path, port))
        with edge_process(dist.url, *RARELY, "--wake", wake) as node:
            until(lambda: node.metric("burgee_wake_connected") == 1, "it listens")
            call = Notifier(wake)
            seconds: list[float] = []
            for _ in range(5):
                number = dist.publish()
                began = time.monotonic()
                call("production", f"{number}-abcdef0", "0" * 64)
                until(lambda: sequence(node) == number, "the change is served")  # noqa: B023
                seconds.append(time.monotonic() - began)
            assert sorted(seconds)[2] < 10.0  # the poll is a hundred away
            time.sleep(0.3)  # the last call's look may still be to come
            missed = dist.publish()
            call("staging", "9-abcdef0", "0" * 64)  # not for this node
            time.sleep(0.3)
            assert sequence(node) == number

            running.close()  # whoever hands calls on is gone
            until(lambda: node.metric("burgee_wake_connected") == 0, "it is missed")
            assert node.get("/readyz").status == 200
            running.enter_context(server(tmp_path, port))
            # What was missed meanwhile is looked at as soon as calls come through again.
            until(lambda: sequence(node) == missed, "it is seen on reconnecting")
            number = dist.publish()
            call("production", "x", "0" * 64)
            until(lambda: sequence(node) == number, "calls come through again")


def test_it_starts_without_and_finds_it_later(tmp_path: Path) -> None:
    port = free_port()
    with (
        web(tmp_path) as dist,
        edge_process(dist.url, *RARELY, "--wake", f"redis://127.0.0.1:{port}") as node,
    ):
        assert sequence(node) == 1
        with redis_server(tmp_path, port):
            until(lambda: node.metric("burgee_wake_connected") == 1, "it is found")


def test_a_flood_of_calls_holds_up_no_answer(tmp_path: Path) -> None:
    with (
        web(tmp_path) as dist,
        redis_server(tmp_path) as wake,
        edge_process(dist.url, *RARELY, "--wake", wake) as node,
    ):
        until(lambda: node.metric("burgee_wake_connected") == 1, "it listens")
        call = Notifier(wake)
        with Redis.from_url(wake) as client:
            for _ in range(500):
                client.publish("burgee.production", b"\xff" * 1000)  # whatever anybody says
        until(lambda: node.metric("burgee_wakes_total") == 500, "all are heard")
        assert node.ofrep("f", {"targetingKey": "u"}, x_tenant_id="acme").status == 200
        number = dist.publish()
        call("production", "x", "0" * 64)
        until(lambda: sequence(node) == number, "the change is served")


def test_who_cannot_be_called_is_named_and_the_others_are_called(tmp_path: Path) -> None:
    nobody = free_port()
    with (
        web(tmp_path) as dist,
        nats_server(tmp_path) as wake,
        edge_process(dist.url, *RARELY, "--wake", wake) as node,
    ):
        until(lambda: node.metric("burgee_wake_connected") == 1, "it listens")
        call = notifiers((f"redis://127.0.0.1:{nobody}", f"nats://127.0.0.1:{nobody}", wake))
        assert call is not None
        with pytest.raises(OSError, match=f"redis://127.0.0.1:{nobody}.*nats://127.0.0.1"):
            call("production", "x", "0" * 64)
        until(lambda: node.metric("burgee_wakes_total") == 1, "the one that is there is called")


def test_a_password_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web(tmp_path) as dist, redis_server(tmp_path) as wake:
        with Redis.from_url(wake) as client:
            client.config_set("requirepass", "sesame")
        monkeypatch.setenv("BURGEE_NOTIFY_PASSWORD", "sesame")
        call = notifiers((wake,))
        assert call is not None
        with edge_process(
            dist.url, *RARELY, "--wake", wake, env={"BURGEE_EDGE_WAKE_PASSWORD": "sesame"}
        ) as node:
            until(lambda: node.metric("burgee_wake_connected") == 1, "it is let in")
            call("production", "x", "0" * 64)
            until(lambda: node.metric("burgee_wakes_total") == 1, "it is called")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("redis://:secret@h", "in BURGEE_"),
        ("nats://u:secret@h", "in BURGEE_"),
        ("kafka://secret", "none of redis://|takes redis://"),
        ("redis://", "none of|takes"),
        ("redis://h:port", "no URL"),
    ],
)
def test_urls_that_cannot_call_are_told_without_what_they_hide(url: str, problem: str) -> None:
    for read in (read_wake_url, Notifier):
        with pytest.raises(ValueError, match=problem) as caught:
            read(url)
        assert "secret" not in str(caught.value)
