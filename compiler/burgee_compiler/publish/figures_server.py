"""`/metrics` and `/healthz` of a watching publisher: two pages, a few callers at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

__all__ = ["serving_figures"]

_SECONDS: Final = 5.0


class _Handler(BaseHTTPRequestHandler):
    text: Callable[[], str]
    timeout = _SECONDS

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self._answer(200, type(self).text(), "text/plain; version=0.0.4; charset=utf-8")
        elif self.path == "/healthz":
            self._answer(200, "ok\n", "text/plain; charset=utf-8")
        else:
            self._answer(404, "there are /metrics and /healthz\n", "text/plain; charset=utf-8")

    def log_message(self, format: str, *args: Any) -> None:
        """Callers are no news."""

    def _answer(self, status: int, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(HTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news."""


@contextmanager
def serving_figures(text: Callable[[], str], host: str, port: int) -> Iterator[str]:
    """Answer on a host and port, 0 for any, until the block ends; yields the URL, or OSError."""
    handler = type("Handler", (_Handler,), {"text": staticmethod(text)})
    server = _Server((host, port), handler)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
    )
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_SECONDS)
