"""A node as a process: says where it listens, follows its source, ends when told; several
processes behave as one.
"""

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.edge import ACME
from support.node_process import NodeProcess
from support.snapshots import write_environment
from support.wire import Answer, Wire, ask

TENANT = {"X-Tenant-ID": "acme"}


def bulk(port: int) -> Answer:
    return ask(port, "POST", "/ofrep/v1/evaluate/flags", TENANT, b"{}")


def metrics(port: int, path: str = "/metrics") -> dict[str, float]:
    lines = ask(port, "GET", path).body.decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_serves_follows_and_ends(
    tmp_path: Path, workers: int, number: signal.Signals, code: int
) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with NodeProcess(source=tmp_path, insecure=True, workers=workers) as node:
        port = node.port
        assert bulk(port).headers["burgee-version"] == "1-abcdef0"
        write_environment(tmp_path, {"acme": ACME}, sequence=2)
        until(lambda: bulk(port).headers["burgee-version"] == "2-abcdef0")
        node.process.send_signal(number)
        node.process.send_signal(number)  # to the process and to its group, as supervisors do
        ended, told = node.finish()
    assert ended == code
    for line in told.splitlines():
        assert json.loads(line)["level"] == "info", line


def test_a_request_under_way_is_finished(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with NodeProcess(source=tmp_path, insecure=True) as node:
        port = node.port
        head = "POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nHost: localhost\r\nX-Tenant-ID: acme\r\n"
        with Wire(port) as wire:
            wire.send(f"{head}Content-Length: 2\r\n\r\n{{".encode())
            assert bulk(port).status == 200  # so the half request has been read
            node.process.send_signal(signal.SIGTERM)
            until(lambda: not accepts(port))
            wire.send(b"}")
            assert wire.answer().status == 200
        assert node.finish()[0] == 0


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for workers in (1, 2):
            with NodeProcess(source=tmp_path, insecure=True, port=port, workers=workers) as node:
                code, told = node.finish()
            assert code == 2
            assert f"cannot listen on 127.0.0.1:{port}" in told


def test_it_starts_from_its_own_copy(tmp_path: Path) -> None:
    source, state = tmp_path / "dist", tmp_path / "state"
    write_environment(source, {"acme": ACME}, sequence=7)
    for _ in range(2):
        with NodeProcess(source=source, insecure=True, state_dir=state, workers=2) as node:
            port = node.port
            assert bulk(port).headers["burgee-version"] == "7-abcdef0"
        (source / "production" / "manifest.json").unlink(missing_ok=True)


@pytest.fixture
def admin_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.mark.parametrize("workers", [1, 3])
def test_whichever_process_is_asked_the_counts_are_those_of_all(
    tmp_path: Path, admin_port: int, workers: int
) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with NodeProcess(
        source=tmp_path, insecure=True, workers=workers, admin_listen=f"127.0.0.1:{admin_port}"
    ) as node:
        port = node.port
        for _ in range(30):
            ask(port, "POST", "/ofrep/v1/evaluate/flags/integer", TENANT, b"{}")
        for _ in range(5):
            bulk(port)
        requests = (
            'http_requests_total{method="POST",path="/ofrep/v1/evaluate/flags/{key}",status="200"}'
        )
        latency = 'http_request_duration_seconds_count{path="/ofrep/v1/evaluate/flags"}'
        served = 'burgee_evaluations_total{flag="integer",tenant="acme",variant="ten"}'
        for _ in range(6):  # the connections spread over the processes
            found = metrics(port)
            assert found[requests] == 30
            assert found[latency] == 5
            assert found["burgee_reloads_total"] == 1
            assert found["burgee_ready"] == 1
            assert metrics(admin_port)[served] == 35
        assert "integer" not in ask(port, "GET", "/metrics").body.decode()
        assert ask(admin_port, "GET", "/metrics", {"Host": "evil.example"}).status == 403


def children(process: int) -> set[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return {int(each) for each in text.split()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with NodeProcess(source=tmp_path, insecure=True, workers=2) as node:
        port = node.port
        before = children(node.process.pid)
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        until(lambda: len(children(node.process.pid) - before) == 1)
        until(lambda: bulk(port).status == 200)
        node.process.terminate()
        told = [json.loads(line) for line in node.finish()[1].splitlines()]
    (replaced,) = [each for each in told if each["message"] == "a worker ended and is replaced"]
    assert (replaced["exit_code"], replaced["process"]) == (-9, min(before))
    taken = [each["worker"] for each in told if each["message"] == "snapshot taken"]
    assert set(taken) == {0, 1}  # each line says which of them wrote it


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_no_process_outlives_the_first(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with NodeProcess(source=tmp_path, insecure=True, workers=2) as node:
        port = node.port
        node.process.kill()
        node.process.wait()
        until(lambda: not accepts(port))
