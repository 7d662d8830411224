"""A small application on burgee_http, whose answers show what reached the handler."""

import threading
from collections.abc import Callable, Mapping, Sequence

from starlette.routing import Route

from burgee_http.application import Application
from burgee_http.call import Call, Reply
from burgee_http.cors import Cors
from burgee_http.endpoint import route
from burgee_http.errors import ApiError
from burgee_http.json_text import encode_json
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, Metrics

__all__ = ["EchoApp"]


class EchoApp:
    """`/wait` blocks until `go` is set; `entered` tells that it was reached."""

    def __init__(
        self,
        *,
        routes: Sequence[Route] = (),
        cors: Cors | None = None,
        check: Callable[[Mapping[bytes, bytes]], None] | None = None,
        sample: float = 1.0,
    ) -> None:
        self.metrics = Metrics(process=False)
        self.entered = threading.Event()
        self.go = threading.Event()
        self.app = Application(
            [
                route("/echo", _echo, ("GET", "POST")),
                route("/echo/{name}", _echo),
                route("/bug", _bug),
                route("/teapot", _teapot),
                route("/wait", self._wait, ("GET", "POST"), blocking=True),
                route("/ofrep/v1/evaluate/flags", _bug, ("POST",)),
                route("/ofrep/v1/evaluate/flags/{key:path}", _bug, ("POST",)),
                *routes,
            ],
            metrics=HttpMetrics(self.metrics),
            access_log=AccessLog(sample),
            cors=cors or Cors(),
            check=check,
        )

    def _wait(self, call: Call) -> Reply:
        self.entered.set()
        self.go.wait(10)
        return _echo(call)


def _echo(call: Call) -> Reply:
    seen = {
        "method": call.method,
        "path": call.path,
        "query": call.query(),
        "headers": {name.decode(): value.decode("latin-1") for name, value in call.headers.items()},
        "length": len(call.body),
        "body": call.body[:1000].decode("latin-1"),
        "params": dict(call.params),
    }
    return Reply(200, encode_json(seen))


def _bug(call: Call) -> Reply:
    raise RuntimeError("a bug")


def _teapot(call: Call) -> Reply:
    raise ApiError(418, "teapot", "Short and stout \ud800.", {"spout": 1}, [(b"x-tea", b"green")])
