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

from support.waiting import until

__all__ = ["Exchange", "Fault", "HttpRemote", "git_daemon", "http_remote"]

Fault = Callable[["Exchange"], None]
Answer = tuple[int, dict[str, str], bytes]


class Exchange:
    """One request to the remote, and what git answers once it has run."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self.answer: Answer = (0, {}, b"")
        self.path = handler.path
        self.authorization = handler.headers.get("Authorization")
        self.is_push = handler.command == "POST" and "git-receive-pack" in handler.path
        self.is_read = handler.command == "POST" and "git-upload-pack" in handler.path
        self.announces_push = "service=git-receive-pack" in handler.path
        self.is_of_push = self.is_push or self.announces_push

    def refuse(self, status: int, text: str = "no", **headers: str) -> None:
        """Answer in git's place."""
        self._handler.send((status, headers, text.encode()))

    def cut(self) -> None:
        """Break the connection."""
        self._handler.cut()

    def go_on(self) -> None:
        """Let git have what was sent, though whoever sent it has had an answer or none."""
        self._handler.done = False

    def truncate(self) -> None:
        """Send half of the answer, then break the connection."""
        status, headers, body = self.answer
        self._handler.send((status, headers, body), upto=len(body) // 2)
        self._handler.cut()

    def drip(self, seconds: float) -> None:
        """Send the answer byte by byte, over this time."""
        self._handler.send(self.answer, pause=seconds / max(1, len(self.answer[2])))


class HttpRemote:
    """`before` is called before git runs, `after` once it has run and before the answer.

    Either may answer or cut, and then no more is sent.
    """

    def __init__(self, bare: Path) -> None:
        self.bare = bare
        self.before: Fault | None = None
        self.after: Fault | None = None
        self.password: str | None = None
        self.asked: list[str] = []
        self.running = 0
        self.hanging = threading.Event()  # set: whoever hangs may go on
        self._counting = threading.Lock()
        self._handler = type("Handler", (_Handler,), {"remote": self})
        self._port = 0
        self._start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/{self.bare.name}"

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse connections for as long as the block lasts."""
        self.stop()
        try:
            yield
        finally:
            self._start()

    def count(self, by: int) -> None:
        with self._counting:
            self.running += by

    def finish(self) -> None:
        """Let whoever hangs go on, and wait until nothing of this remote runs any more."""
        self.hanging.set()
        until(lambda: self.running == 0, "the remote has done all that it was asked")

    def hang(self, exchange: Exchange) -> None:
        """Do nothing until somebody says to go on; then go on."""
        self.hanging.wait(20)

    def _start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    remote: HttpRemote
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else head and body of an answer are 40 ms apart
    done = False

    def do_GET(self) -> None:
        self.remote.count(1)
        try:
            with suppress(OSError):  # whoever asked was killed
                self._serve()
        finally:
            self.remote.count(-1)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def send(self, answer: Answer, *, upto: int | None = None, pause: float = 0) -> None:
        status, headers, body = answer
        self.done = True
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not pause:
            self.wfile.write(body[:upto])
            return
        for each in body:
            self.wfile.write(bytes([each]))
            time.sleep(pause)

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
            self.send((401, {"WWW-Authenticate": 'Basic realm="git"'}, b""))
            return
        exchange = Exchange(self)
        if remote.before is not None:
            remote.before(exchange)
        if self.done:
            return
        exchange.answer = _backend(remote.bare, self, body)
        if remote.after is not None:
            remote.after(exchange)
        if not self.done:
            self.send(exchange.answer)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _is_let_in(self, password: str) -> bool:
        given = self.headers.get("Authorization", "")
        with suppress(ValueError):
            user, _, secret = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
            return password in (f"{user}:{secret}", secret)
        return False


def _backend(bare: Path, handler: _Handler, body: bytes) -> Answer:
    path, _, query = handler.path.partition("?")
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
    try:
        yield remote
    finally:
        remote.stop()
        remote.finish()


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
        until(lambda: _listens(port), "git's daemon listens")
        yield f"git://127.0.0.1:{port}/{bare.name}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)  # what it started for a connection ends with it
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
