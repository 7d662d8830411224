"""How late answers come under half of the load that saturates, with and without new snapshots.

An open-loop client in a process of its own: whatever is due is sent each millisecond, whether or
not answers are back, each request on one of 64 keep-alive connections that is idle. Node and floor
(as in `benchmarks.http`) are asked in turn at one rate: half of what 16 connections in step get
from the slower of the two. Where snapshots are swapped, another build is put in place every second;
the node follows its folder as ever.
Run: python -m benchmarks.latency
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Final, cast

from benchmarks._claims import Claim, print_claims
from benchmarks._servers import Connection, Crowd, Edge, build, edge_server, floor_server, request
from benchmarks.http import BULK, NATIVE, OFREP
from burgee_http.serve import new_event_loop

__all__ = ["claims", "main"]

_CONNECTIONS: Final = 64
_SECONDS: Final = 3.0
_ROUNDS: Final = 5
_FLAGS: Final = 100


class _Pool:
    """Connections that carry one request at a time; what finds none idle waits, and is late."""

    def __init__(self) -> None:
        self.idle: list[_Stream] = []
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.late: list[float] = []

    def send(self, due: float, data: bytes) -> None:
        """Send a request, whatever is not answered yet."""
        if self.idle:
            self.idle.pop().send(due, data)
        else:
            self.waiting.append((due, data))


class _Stream(asyncio.Protocol):
    """One connection: notes when each answer is whole."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._due = 0.0
        self._buffer = b""
        self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._pool.idle.append(self)

    def send(self, due: float, data: bytes) -> None:
        """Send a request that was due at a time."""
        self._due = due
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._whole:
            end = self._buffer.find(b"\r\n\r\n") + 4
            if end < 4:
                return
            assert self._buffer.startswith(b"HTTP/1.1 200"), self._buffer[:200]
            at = self._buffer.find(b"content-length: ") + 16
            self._whole = end + int(self._buffer[at : self._buffer.find(b"\r", at)])
        if len(self._buffer) >= self._whole:
            self._buffer, self._whole = b"", 0
            self._pool.late.append(time.perf_counter() - self._due)
            if self._pool.waiting:
                self.send(*self._pool.waiting.popleft())
            else:
                self._pool.idle.append(self)


async def _load(port: int, requests: Sequence[bytes], rate: float) -> list[float]:
    loop, pool = asyncio.get_running_loop(), _Pool()
    for _ in range(_CONNECTIONS):
        await loop.create_connection(lambda: _Stream(pool), "127.0.0.1", port)
    start, sent, total = time.perf_counter(), 0, int(rate * _SECONDS)
    while sent < total:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        for number in range(sent, min(total, int((now - start) * rate))):
            pool.send(now, requests[number % len(requests)])
            sent = number + 1
    while len(pool.late) < total:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    return pool.late


def _p99(port: int, requests: Path, rate: float) -> float:
    """Return milliseconds, asked for by a process that has nothing else to do."""
    command = [sys.executable, "-m", "benchmarks.latency", str(port), str(requests), str(rate)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def _saturating(port: int, requests: Sequence[bytes]) -> float:
    """Return how many requests a second a server answers to 16 connections in step."""
    crowd = Crowd(port)
    rates = []
    for _ in range(3):
        start = time.perf_counter()
        crowd.ask_all(requests, 200)
        rates.append(len(requests) / (time.perf_counter() - start))
    return max(rates)


def _variants(edge: Edge, folder: Path) -> list[Path]:
    """Build the repository twice, with another flag changed each time."""
    made = []
    for number in range(2):
        flag = edge.repository / "acme" / "flags" / f"mixed-{number * 3}.yaml"
        text = flag.read_text()
        flag.write_text(text + f"metadata: {{build: {number}}}\n")
        made.append(folder / f"dist-{number}")
        build(edge.repository, made[-1])
        flag.write_text(text)
    return made


@contextmanager
def _swapping(edge: Edge, variants: Sequence[Path]) -> Iterator[None]:
    """Put another snapshot in place every second."""
    stop = Event()

    def swap() -> None:
        for source in cycle(variants):
            if stop.wait(1.0):
                return
            _put(source, edge.dist)

    thread = Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _put(source: Path, dist: Path) -> None:
    """Put a build in place of another, its manifest last."""
    files = [path for path in source.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda each: (each.name == "manifest.json", each)):
        target = dist / path.relative_to(source)
        partial = target.with_name(target.name + ".new")
        shutil.copyfile(path, partial)
        partial.replace(target)


def _taken(edge: Edge) -> int:
    """Return how many snapshots the node has taken."""
    page = Connection(edge.server.port).ask(b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
    found = re.search(rb"^burgee_reloads_total (\d+)", page.body, re.MULTILINE)
    assert found is not None
    return int(found[1])


def _claim(
    name: str, edge: Edge, requests: list[bytes], folder: Path, variants: Sequence[Path]
) -> Claim:
    file = folder / "requests.json"
    file.write_text(json.dumps([each.decode() for each in requests]))
    sample = Connection(edge.server.port).ask(requests[0])
    pairs: list[tuple[float, float]] = []
    before = _taken(edge)
    with floor_server(sample) as floor:
        rate = min(_saturating(floor.port, requests), _saturating(edge.server.port, requests)) / 2
        for _ in range(_ROUNDS):
            theirs = _p99(floor.port, file, rate)
            with _swapping(edge, variants) if variants else nullcontext():
                pairs.append((_p99(edge.server.port, file, rate), theirs))
    ours, theirs = (median(each) for each in zip(*pairs, strict=True))
    most = " and ".join(f"{max(each):.2f}" for each in zip(*pairs, strict=True))
    ratio = ours / theirs
    note = (
        f"{ours:.2f} ms against {theirs:.2f} at {rate:,.0f} requests a second; "
        f"medians of {_ROUNDS} rounds, worst {most}; {_taken(edge) - before} snapshots taken"
    )
    return Claim(name, f"{ratio:.2f} of the floor", "at most 2", ratio <= 2, note)


def claims() -> list[Claim]:
    """Measure p99 of single flags and of bulks, with one snapshot and with one every second."""
    made = []
    with TemporaryDirectory() as name, edge_server(Path(name), _FLAGS) as edge:
        works = {
            "POST /v1/evaluate": [
                request("/v1/evaluate", NATIVE % (user % 3, user), edge.key)
                for user in range(2_000)
            ],
            "OFREP, 100 flags": [request(BULK, OFREP % user, edge.key) for user in range(500)],
        }
        for variants in ([], _variants(edge, Path(name))):
            told = ", a snapshot a second" if variants else ""
            for work, requests in works.items():
                claim = f"p99 of {work}, half load{told}"
                made.append(_claim(claim, edge, requests, Path(name), variants))
    return made


def main() -> None:
    """Print p99 as a multiple of the floor's."""
    if len(sys.argv) == 4:
        port, file, rate = sys.argv[1:]
        requests = [each.encode() for each in json.loads(Path(file).read_text())]
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            late = runner.run(_load(int(port), requests, float(rate)))
        print(sorted(late)[int(len(late) * 0.99)] * 1000)
        return
    print_claims(claims())


if __name__ == "__main__":
    main()
