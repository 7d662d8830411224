"""Git remotes on loopback, over HTTP and git's own protocol, that fail as remotes do.

HTTP goes through `git http-backend`, so that what is served is what git itself serves; around it a
test says what goes wrong, and when.
"""

from __future__ import annotations

import base64
import gzip
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["HttpRemote", "git_daemon", "http_remote"]

Fault = Callable[["Exchange"], None]


class Exchange:
    """One request to the remote; `service` is what git asks for, `sends` whether it is a push."""

    def __init__(self, handler: _Handler) -> None:
        self.handler = handler
        self.path = handler.path
        self.is_push = handler.command == "POST" and "git-receive-pack" in handler.path
        self.announces_push = "service=git-receive-pack" in handler.path

    def refuse(self, status: int, text: str = "no") -> None:
        """Answer in the backend's place."""
        self.handler.answer(status, text.encode())

    def cut(self) -> None:
        """Break the connection."""
        self.handler.cut()


class HttpRemote:
    """`before` is called before the backend runs, `after` once it has run and before the answer.

    Either may refuse or cut, and then no more is sent.
    """

    def __init__(self, bare: Path) -> None:
        self.bare = bare
        self.url = ""
        self.before: Fault | None = None
        self.after: Fault | None = None
        self.password: str | None = None
        self.asked: list[str] = []
        self.hanging = threading.Event()  # set: whoever hangs may go on


class _Handler(BaseHTTPRequestHandler):
    remote: HttpRemote
    protocol_version = "HTTP/1.1"
    done = False

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.done = True
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        self.done = True
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        self.done = False
        body = self._body()
        remote = self.remote
        remote.asked.append(f"{self.command} {self.path}")
        if remote.password is not None and not self._is_let_in(remote.password):
            self.answer(401, b"", {"WWW-Authenticate": 'Basic realm="git"'})
            return
        exchange = Exchange(self)
        if remote.before is not None:
            remote.before(exchange)
        if self.done:
            return
        status, headers, answer = _backend(remote.bare, self, body)
        if remote.after is not None:
            remote.after(exchange)
        if not self.done:
            self.answer(status, answer, headers)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _is_let_in(self, password: str) -> bool:
        given = self.headers.get("Authorization", "")
        with suppress(ValueError):
            return base64.b64decode(given.removeprefix("Basic ")).decode().endswith(f":{password}")
        return False


def _backend(bare: Path, handler: _Handler, body: bytes) -> tuple[int, dict[str, str], bytes]:
    path, _, query = handler.path.partition("?")
    if handler.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    done = subprocess.run(
        ["git", "http-backend"],
        input=body,
        capture_output=True,
        check=False,
        timeout=30,
        env={
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(bare.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "REMOTE_USER": "somebody",
            "REQUEST_METHOD": handler.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        },
    )
    head, _, answer = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    return status, headers, answer


@contextmanager
def http_remote(bare: Path) -> Iterator[HttpRemote]:
    """Serve a bare repository over HTTP, on a free port of loopback."""
    remote = HttpRemote(bare)
    handler = type("Handler", (_Handler,), {"remote": remote})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    remote.url = f"http://127.0.0.1:{server.server_address[1]}/{bare.name}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield remote
    finally:
        remote.hanging.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def git_daemon(bare: Path) -> Iterator[str]:
    """Serve a bare repository by `git daemon`; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *("git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack"),
            *("--listen=127.0.0.1", f"--port={port}", f"--base-path={bare.parent}"),
            str(bare.parent),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}/{bare.name}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)  # what it started for a connection ends with it
        process.wait(10)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
