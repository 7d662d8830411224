"""Running a writer: from settings to a listening socket."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from starlette.routing import Route

from burgee_http.application import Application
from burgee_http.authentication import Authenticator
from burgee_http.call import Call, Reply
from burgee_http.cors import Cors
from burgee_http.endpoint import route
from burgee_http.insecure import check_local
from burgee_http.logs import AccessLog, configure_logs
from burgee_http.metrics import HttpMetrics, Metrics
from burgee_http.serve import Listener, ServeError
from burgee_http.serve import serve as serve_listeners
from burgee_http.settings import SettingsError
from burgee_writer.options import Options, read_options
from burgee_writer.tokens.issuer import make_issuer
from burgee_writer.tokens.routes import token_routes
from burgee_writer.tokens.verifying import make_authenticator

__all__ = ["build", "serve"]

_USAGE: Final = 2
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_TEXT: Final = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
)


def serve(values: Mapping[str, Any]) -> int:
    """Serve until a signal ends it; returns the exit code. `values` are of `settings.TABLE`.

    Prints `listening on http://HOST:PORT` once it serves, and what is wrong with the settings
    (2) to standard error.
    """
    try:
        options = read_options(values)
        configure_logs(level=options.log_level)
        return serve_listeners(build(options), grace_seconds=options.grace_seconds)
    except SettingsError as error:
        problems = error.problems
    except (ServeError, OSError, ValueError) as error:
        problems = (str(error),)
    sys.stderr.write("".join(f"error: {problem}\n" for problem in problems))
    return _USAGE


def build(options: Options) -> list[Listener]:
    """Put a writer together; OSError or ValueError where a file that the settings name cannot be
    used.
    """
    issuer = make_issuer(options)
    authenticator = make_authenticator(options, issuer)
    app = Application(
        [*token_routes(issuer, authenticator), *_about()],
        metrics=HttpMetrics(Metrics()),
        access_log=AccessLog(options.access_log_sample),
        cors=_cors(options),
        check=check_local if options.insecure else None,
        lifespan=_background(authenticator),
    )
    return [
        Listener(
            app,
            options.host,
            options.port,
            options.limits,
            drain_seconds=options.drain_seconds,
        )
    ]


def _cors(options: Options) -> Cors:
    """Off unless asked for; pages on this machine alone where everybody on it is let in."""
    local_only = options.insecure and bool(options.cors_origins)
    return Cors(options.cors_origins, methods=_METHODS, local_only=local_only)


def _about() -> list[Route]:
    return [route("/healthz", _health)]


def _health(call: Call) -> Reply:
    """The process runs and answers."""
    return Reply(200, b"ok", _TEXT)


def _background(
    authenticator: Authenticator | None,
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return what runs beside the requests: following clients and keys."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        tasks: list[asyncio.Task[None]] = []
        if authenticator is not None:
            tasks.append(asyncio.create_task(authenticator.watch()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return lifespan
