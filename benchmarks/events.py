"""What event streams cost a node: memory for 1,000 of them, and how soon a change reaches all.

The node is a process of its own over a snapshot of 1,000 flags; its memory is the resident set of
`/proc`. Time is from when the manifest is put in place until the last stream has the event, by the
clock of the one process that writes and reads. Run: python -m benchmarks.events
"""

from __future__ import annotations

import selectors
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from benchmarks._repositories import write_repository

_STREAMS = 1_000
_FLAGS = 1_000
_ROUNDS = 5
_MOST_MEGABYTES = 200
_MOST_SECONDS = 1.0
_REQUEST = (
    b"GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nx-tenant-id: acme\r\n"
    b"user-agent: a-client-like-others/1.0\r\naccept: text/event-stream\r\n\r\n"
)


class _Node:
    """A node in a process of its own; ends with the block."""

    def __init__(self, source: Path) -> None:
        command = [sys.executable, "-m", "burgee_cli", "edge", "--source", str(source)]
        command += ["--environment", "production", "--port", "0", "--insecure", "--any-order"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)

    def megabytes(self) -> float:
        """Return what is resident of its memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


class _Streams:
    """Many open streams, read as they come."""

    def __init__(self, port: int, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
        self._texts = dict.fromkeys(self._sockets, b"")
        for each in self._sockets:
            each.setblocking(False)
            each.sendall(_REQUEST)
            self._selector.register(each, selectors.EVENT_READ)

    def wait_for(self, text: bytes) -> tuple[float, float]:
        """Return when the first and the last stream had a text after what they had before."""
        for each in self._sockets:
            self._texts[each] = b""
        first, left = 0.0, set(self._sockets)
        while left:
            for key, _ in self._selector.select(30):
                found = key.fileobj
                assert isinstance(found, socket.socket)
                self._texts[found] += found.recv(65_536)
                if text in self._texts[found] and found in left:
                    left.remove(found)
                    first = first or time.perf_counter()
        return first, time.perf_counter()


def _build(root: Path, out: Path) -> None:
    build = [sys.executable, "-m", "burgee_cli", "build", str(root), "--out", str(out)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)


def _versions(folder: Path) -> list[Path]:
    """Build into folders, each with one flag switched over; return those folders."""
    root = write_repository(folder / "repo", _FLAGS)
    path = min((root / "acme" / "flags").rglob("*.yaml"))
    text = path.read_text()
    found: list[Path] = []
    for number in range(_ROUNDS + 1):
        path.write_text(f"{text}metadata: {{round: {number}}}\n")
        found.append(folder / f"dist-{number}")
        _build(root, found[-1])
    return found


def _publish(version: Path, served: Path) -> float:
    """Put a version's documents in place, then its manifest; return when that was."""
    source, target = version / "production", served / "production"
    for path in (source / "acme").iterdir():
        copy = target / "acme" / path.name
        if not copy.exists():
            copy.write_bytes(path.read_bytes())
    manifest = target / "manifest.next"
    manifest.write_bytes((source / "manifest.json").read_bytes())
    began = time.perf_counter()
    manifest.replace(target / "manifest.json")
    return began


def _verdict(good: bool) -> str:
    return "met" if good else "not met"


def main() -> None:
    """Print memory before and with the streams, and the time that a change takes."""
    with TemporaryDirectory() as name:
        first, *later = _versions(Path(name))
        with _Node(first) as server:
            before = server.megabytes()
            streams = _Streams(server.port, _STREAMS)
            streams.wait_for(b"data: ")
            held = server.megabytes()
            spent: list[tuple[float, float]] = []
            for version in later:
                began = _publish(version, first)
                sooner, last = streams.wait_for(b"data: ")
                spent.append((sooner - began, last - began))
            after = server.megabytes()
    each = (held - before) * 1024 / _STREAMS
    print(
        f"{_STREAMS:,} streams, {_FLAGS:,} flags: {after:.0f} MB resident after {_ROUNDS} changes "
        f"({before:.0f} MB without, {held:.0f} MB before the changes; {each:.0f} kB a stream)   "
        f"target {_MOST_MEGABYTES} MB: {_verdict(after <= _MOST_MEGABYTES)}"
    )
    worst = sorted(last for _, last in spent)
    soonest = sorted(begin for begin, _ in spent)
    print(
        f"a change at the first stream after {soonest[len(soonest) // 2] * 1000:.0f} ms, at the "
        f"last after {worst[len(worst) // 2] * 1000:.0f} ms (worst of {_ROUNDS}: "
        f"{worst[-1] * 1000:.0f} ms)   "
        f"target {_MOST_SECONDS * 1000:.0f} ms: {_verdict(worst[-1] <= _MOST_SECONDS)}"
    )


if __name__ == "__main__":
    main()
