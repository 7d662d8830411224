"""A forge's comments on a pull request, over HTTP on loopback: GitHub's paths and GitLab's."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Forge", "forge"]

_GITHUB = r"/repos/acme/flags/issues/(?:(?P<pull>\d+)/comments|comments/(?P<id>\d+))"
_GITLAB = r"/projects/5/merge_requests/(?P<pull>\d+)/notes(?:/(?P<id>\d+))?"


class Forge:
    """What was written, and what is to be answered."""

    def __init__(self) -> None:
        self.address = ""
        self.comments: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.tokens: set[str] = set()
        self.answer: int | None = None
        """The status of all answers, where it is to be no good one."""
        self.us: str | None = None
        """The user whose token it is; a workflow's own may not ask."""

    @property
    def changes(self) -> list[str]:
        """The calls that were to change something."""
        return [each for each in self.calls if not each.startswith("GET")]

    def add(self, body: str, *, by: str = "github-actions[bot]", kind: str = "Bot") -> None:
        """Write a comment."""
        who = {"login": by, "username": by, "type": kind}
        self.comments.append(
            {"id": 100 + len(self.comments), "body": body, "user": who, "author": who}
        )

    def respond(self, method: str, target: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Return the status and body of the answer to a call."""
        self.calls.append(f"{method} {target}")
        url = urlsplit(target)
        if self.answer is not None:
            return self.answer, {"message": "no"}
        if url.path == "/user":
            return (403, {}) if self.us is None else (200, {"login": self.us, "username": self.us})
        found = re.fullmatch(_GITHUB, url.path) or re.fullmatch(_GITLAB, url.path)
        if found is None:
            return 404, {}
        if found["id"]:
            (one,) = [each for each in self.comments if each["id"] == int(found["id"])]
            one["body"] = body["body"]
            return 200, one
        if method == "POST":
            self.add(body["body"], by=self.us or "github-actions[bot]")
            return 201, self.comments[-1]
        query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
        first = (query["page"] - 1) * query["per_page"]
        return 200, self.comments[first : first + query["per_page"]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    forge: Forge

    def _handle(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        self.forge.tokens.add(token)
        status, body = self.forge.respond(self.command, self.path, json.loads(data or b"{}"))
        text = json.dumps(body).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"{self.forge.address}/elsewhere")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_PUT = _handle  # noqa: N815  names that http.server asks for

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def forge() -> Iterator[Forge]:
    """Serve one until the end of the block."""
    made = Forge()
    handler = type("Handler", (_Handler,), {"forge": made})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        made.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
