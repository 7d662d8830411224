"""A small web server that takes PUT and DELETE, over real sockets; its conditions may be broken."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["ConditionalServer", "conditional_server"]


class ConditionalServer:
    """Files in memory. `ignores` are names of conditions that it does not look at; `before` is
    asked for a status to answer with in place of doing what is asked.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.ignores: frozenset[str] = frozenset()
        self.etag: Callable[[bytes], str | None] = _etag
        self.before: Callable[[str, str], int | None] = lambda method, path: None
        self.token: str | None = None
        self.asked: list[str] = []
        self.url = ""
        self.lock = threading.Lock()

    def put(self, path: str, data: bytes, if_match: str | None, if_none_match: str | None) -> int:
        """Return the status of a PUT, which is done as one step."""
        with self.lock:
            there = self.files.get(path)
            tag = None if there is None else self.etag(there)
            if if_none_match == "*" and there is not None and "If-None-Match" not in self.ignores:
                return 412
            holds = if_match is None or (tag is not None and if_match in ("*", tag))
            if not holds and "If-Match" not in self.ignores:
                return 412
            self.files[path] = data
            return 201 if there is None else 204


def _etag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:20]}"'


class _Handler(BaseHTTPRequestHandler):
    ours: ConditionalServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self._may():
            data = self.ours.files.get(self.path)
            self._answer(404 if data is None else 200, data or b"")

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self._may():
            conditions = self.headers.get("If-Match"), self.headers.get("If-None-Match")
            self._answer(self.ours.put(self.path, data, *conditions))

    def do_DELETE(self) -> None:
        if self._may():
            gone = self.ours.files.pop(self.path, None)
            self._answer(404 if gone is None else 204)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _may(self) -> bool:
        self.ours.asked.append(f"{self.command} {self.path}")
        status = self.ours.before(self.command, self.path)
        if self.ours.token and self.headers.get("Authorization") != f"Bearer {self.ours.token}":
            status = 401
        if status is not None:
            self._answer(status)
        return status is None

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        tag = self.ours.etag(body) if status == 200 else None
        if tag is not None:
            self.send_header("ETag", tag)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that were killed are no news."""


@contextmanager
def conditional_server() -> Iterator[ConditionalServer]:
    """Run the server on a free port of loopback."""
    ours = ConditionalServer()
    handler = type("Handler", (_Handler,), {"ours": ours})
    server = _Server(("127.0.0.1", 0), handler)
    ours.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield ours
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
