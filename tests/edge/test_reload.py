"""Snapshots are swapped under load: no request fails, no answer mixes two, none goes back.

A tenth of them are broken, each in its own way, and every refusal is counted.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from support.edge import Edge, running_edge
from support.snapshots import TenantParts, flag, write_environment
from support.wire import Wire

SWAPS = 60
CLIENTS = 3
ALL = b'{"user":{"id":"u1"}}'
BULK = b'{"context":{"targetingKey":"u1"}}'


def parts(number: int) -> TenantParts:
    """Five flags that all serve the number of their snapshot."""
    return TenantParts({f"f{n}": flag(variants={"v": number}, default="v") for n in range(5)})


def good(source: Path, number: int) -> None:
    write_environment(source, {"acme": parts(number)}, sequence=number)


def truncated(source: Path, number: int) -> None:
    path = source / "production" / "manifest.json"
    path.write_bytes(path.read_bytes()[:-number])


def emptied(source: Path, number: int) -> None:
    (source / "production" / "manifest.json").write_bytes(b"")


def deleted(source: Path, number: int) -> None:
    (source / "production" / "manifest.json").unlink()


def of_a_newer_form(source: Path, number: int) -> None:
    write_environment(source, {"acme": parts(number)}, sequence=number, format=(9, 0))


def damaged(source: Path, number: int) -> None:
    """Nothing tells that a document is damaged but its digest."""
    folder = source / "production"
    old = set(folder.glob("acme/flags-*"))
    before = (folder / "manifest.json").read_bytes()
    write_environment(source, {"acme": parts(number)}, sequence=number)
    after = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(before)
    for path in set(folder.glob("acme/flags-*")) - old:
        path.write_bytes(path.read_bytes().replace(b"[", b"{", 1))
    (folder / "manifest.json").write_bytes(after)


def older(source: Path, number: int) -> None:
    write_environment(source, {"acme": parts(number)}, sequence=number - 10)


BREAKS: list[tuple[Callable[[Path, int], None], str]] = [
    (truncated, "malformed"),
    (damaged, "digest"),
    (of_a_newer_form, "format"),
    (emptied, "malformed"),
    (deleted, "unreadable"),
    (older, "older"),
]


class Client:
    """Asks over one connection, again and again, and keeps what was wrong."""

    def __init__(self, port: int, stop: threading.Event, path: str, body: bytes) -> None:
        self.asked = 0
        self.wrong: list[str] = []
        self._port, self._stop, self._body = port, stop, body
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Tenant-ID: acme\r\n"
        self._request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def run(self) -> None:
        last = 0
        try:
            with Wire(self._port) as wire:
                while not self._stop.is_set():
                    wire.send(self._request)
                    answer = wire.answer()
                    version = int(answer.headers["burgee-version"].partition("-")[0])
                    values = {item["value"] for item in json.loads(answer.body)["flags"]}
                    if answer.status != 200 or values != {version} or version < last:
                        self.wrong.append(f"{answer.status} {values} {version} after {last}")
                    last = version
                    self.asked += 1
        except (OSError, EOFError, KeyError, ValueError) as error:
            self.wrong.append(repr(error))


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.002)


def test_swaps_under_load(tmp_path: Path) -> None:
    good(tmp_path, 1)
    expected: Counter[str] = Counter()
    with running_edge(tmp_path, state_dir=tmp_path / "state") as edge:
        stop = threading.Event()
        clients = [
            Client(edge.port, stop, path, body)
            for path, body in (
                ("/v1/evaluate/all", ALL),
                ("/ofrep/v1/evaluate/flags", BULK),
                ("/v1/evaluate/all", ALL),
            )[:CLIENTS]
        ]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        try:
            for number in range(2, SWAPS + 2):
                if number % 10 == 0:
                    break_, reason = BREAKS[number // 10 % len(BREAKS)]
                    break_(tmp_path, number)
                    expected[reason] += 1
                    refused(edge, reason, expected[reason])
                else:
                    good(tmp_path, number)
                    serving(edge, number)
        finally:
            stop.set()
            for thread in threads:
                thread.join(10)
        assert sum(expected.values()) == SWAPS // 10
        for reason, count in expected.items():
            assert edge.metric(f'burgee_refusals_total{{reason="{reason}"}}') == count
        assert edge.metric("burgee_reloads_total") == SWAPS + 1 - SWAPS // 10
    assert [client.wrong for client in clients] == [[]] * CLIENTS
    assert all(client.asked > SWAPS for client in clients)


def serving(edge: Edge, number: int) -> None:
    def now() -> bool:
        found = edge.post("/v1/evaluate", {"flag_key": "f0"}).json()
        return found["value"] == number

    until(now, f"{number} is not served")


def refused(edge: Edge, reason: str, count: int) -> None:
    name = f'burgee_refusals_total{{reason="{reason}"}}'
    until(lambda: edge.metric(name) == count, f"{reason} was not counted {count} times")
