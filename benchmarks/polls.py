"""What a node that others read from spends on one look of theirs: a conditional GET of the
manifest, answered with 304. Processor time of the node, from `/proc`, over a connection that stays.
Also what a change costs each of them in bytes. Run: python -m benchmarks.polls
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._repositories import write_repository

_FLAGS = 1_000
_LOOKS = 5_000
_ROUNDS = 5
_GET = "GET /v1/set/production/manifest.json HTTP/1.1\r\nhost: 127.0.0.1\r\n{more}\r\n"


def _spent(pid: int) -> float:
    """Return seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _answer(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(65_536)
    return text


def _round(port: int, pid: int) -> float:
    """Return microseconds of the node's processor time for each look."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        first = _answer(connection, _GET.format(more="connection: close\r\n").encode())
    found = re.search(rb"(?i)\r\netag: (\S+)", first)
    assert found is not None, first
    look = _GET.format(more=f"if-none-match: {found[1].decode()}\r\n").encode()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        before = _spent(pid)
        for _ in range(_LOOKS):
            assert _answer(connection, look).startswith(b"HTTP/1.1 304"), "not 304"
        return (_spent(pid) - before) / _LOOKS * 1e6


def main() -> None:
    """Print the time of a look, and the bytes of a change."""
    with TemporaryDirectory() as name:
        root, out = write_repository(Path(name) / "repo", _FLAGS), Path(name) / "dist"
        command = [sys.executable, "-m", "burgee_cli"]
        build = [*command, "build", str(root), "--out", str(out)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        sizes = {each.name.split("-")[0]: each.stat().st_size for each in out.rglob("*.*")}
        serve = [*command, "edge", "--source", str(out), "--environment", "production"]
        serve += ["--port", "0", "--insecure", "--access-log-sample", "0"]
        with subprocess.Popen(
            serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as node:
            assert node.stdout is not None
            port = int(node.stdout.readline().rpartition(":")[2])
            looks = [_round(port, node.pid) for _ in range(_ROUNDS)]
            node.terminate()
    print(
        f"a look: {statistics.median(looks):.0f} µs of the node's processor time "
        f"(median of {_ROUNDS} rounds of {_LOOKS:,}, {min(looks):.0f}–{max(looks):.0f})"
    )
    told = ", ".join(f"{name} {size:,}" for name, size in sorted(sizes.items()))
    print(f"bytes of files by kind, {_FLAGS:,} flags in one tenant: {told}")


if __name__ == "__main__":
    main()
