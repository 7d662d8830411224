"""What a request costs the edge node, against a bare ASGI application under stock uvicorn.

Processor time of the server's threads per request, from /proc, over a keep-alive connection on
loopback. The floor decodes the same JSON body with msgspec and sends as many
bytes. Run: python -m benchmarks.http
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from benchmarks._repositories import write_repository

_ROUNDS = 5
_FLOOR = """
import msgspec, sys, uvicorn
BODY = b"x" * int(sys.argv[1])
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
HEADERS += [(b"x-filler-%d" % n, b"0123456789") for n in range(4)]
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return await send({"type": "lifespan.shutdown.complete"})
    body = b""
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    msgspec.json.decode(body)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
config = uvicorn.Config(app, host="127.0.0.1", port=0, access_log=False, log_level="error")
server = uvicorn.Server(config)
sock = config.bind_socket()
print("listening on http://127.0.0.1:%d" % sock.getsockname()[1], flush=True)
server.run(sockets=[sock])
"""


class Server:
    """A server in a process of its own; ends with the block."""

    def __init__(self, arguments: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                return
        raise RuntimeError("the server did not start")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(10)

    def processor_seconds(self) -> float:
        """Return the processor time that the server's threads have taken so far."""
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


class Client:
    """One keep-alive connection that asks the same over and over."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def ask(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of one request."""
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"x-tenant-id: acme\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + body)
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self._socket.recv(65_536)
        head_bytes, rest = self._buffer.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)content-length: (\d+)", head_bytes)[1])  # type: ignore[index]
        while len(rest) < length:
            rest += self._socket.recv(65_536)
        self._buffer = rest[length:]
        return int(head_bytes.split(b" ", 2)[1]), rest[:length]


def _per_request(server: Server, path: str, bodies: list[bytes]) -> float:
    client = Client(server.port)
    before = server.processor_seconds()
    for body in bodies:
        status, _ = client.ask(path, body)
        assert status == 200, status
    return (server.processor_seconds() - before) / len(bodies) * 1e6


def _compare(edge: Server, title: str, path: str, rounds: list[list[bytes]]) -> None:
    """Ask edge and floor in turn, once with each list of bodies; the first round warms up."""
    _, sample = Client(edge.port).ask(path, rounds[0][0])
    with TemporaryDirectory() as folder:
        program = Path(folder) / "floor.py"
        program.write_text(_FLOOR)
        with Server([str(program), str(len(sample))]) as floor:
            pairs = [
                (_per_request(edge, path, bodies), _per_request(floor, path, bodies))
                for bodies in rounds
            ][1:]
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    ours, theirs = sorted(pairs)[len(pairs) // 2]
    print(
        f"{title:<32} {ours:6.1f} µs   floor {theirs:6.1f} µs   "
        f"ratio {ratios[len(ratios) // 2]:.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
    )


def _rounds(template: bytes, requests: int, *, repeat: bool = False) -> list[list[bytes]]:
    """Return bodies for each round: always new users, or the same in every round."""
    return [
        [template % (n if repeat else number * requests + n) for n in range(requests)]
        for number in range(_ROUNDS + 1)
    ]


def main() -> None:
    """Print processor time per request and its ratio to the floor."""
    with TemporaryDirectory() as folder:
        root = write_repository(Path(folder) / "repo", 100)
        out = Path(folder) / "dist"
        build = [sys.executable, "-m", "burgee_cli", "build", str(root), "--out", str(out)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        edge = ["-m", "burgee_cli", "edge", "--source", str(out), "--environment", "production"]
        native = (
            b'{"flag_key":"area-0.flag-7","user":{"id":"user-%d",'
            b'"attributes":{"plan":"free","app":{"version":"3.9.0"}}}}'
        )
        ofrep = b'{"context":{"targetingKey":"user-%d","plan":"free","app":{"version":"3.9.0"}}}'
        bulk = "/ofrep/v1/evaluate/flags"
        with Server([*edge, "--port", "0", "--insecure"]) as server:
            _compare(server, "POST /v1/evaluate", "/v1/evaluate", _rounds(native, 2_000))
            _compare(server, "OFREP, one flag", f"{bulk}/area-0.flag-7", _rounds(ofrep, 2_000))
            _compare(server, "OFREP, 100 flags, new users", bulk, _rounds(ofrep, 300))
            _compare(server, "OFREP, 100 flags, repeated", bulk, _rounds(ofrep, 300, repeat=True))


if __name__ == "__main__":
    main()
