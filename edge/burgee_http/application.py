"""The ASGI application around the routes: request ids, errors as JSON, CORS, log and metrics.

One layer for all of it, since every request passes here.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from time import perf_counter
from typing import Any, Final, cast
from urllib.parse import unquote_to_bytes

import structlog
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Message, Receive, Scope, Send

from burgee_http.call import JSON, Call, Reply, merge_headers
from burgee_http.cors import Cors
from burgee_http.endpoint import CALL, Endpoint, send_reply
from burgee_http.errors import ApiError, from_status, native_body
from burgee_http.hot import Direct, HotPath
from burgee_http.limits import Limits
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics
from burgee_http.ofrep import is_ofrep, ofrep_body
from burgee_http.protocol import REFUSED
from burgee_http.request_ids import new_request_id, offered_request_id
from burgee_http.tracing import spans

__all__ = ["UNMATCHED", "Application", "error_reply"]

_NOT_ALLOWED: Final = 405
UNMATCHED: Final = "(unmatched)"
_NO_STORE = (b"cache-control", b"no-store")

_log = structlog.get_logger("burgee.http")


class Application:
    """`check` may refuse a request by its headers, and nothing else, before all else."""

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        *,
        metrics: HttpMetrics,
        access_log: AccessLog,
        cors: Cors,
        check: Callable[[Mapping[bytes, bytes]], None] | None = None,
        lifespan: Callable[[Any], Any] | None = None,
    ) -> None:
        self.router = Router(routes, redirect_slashes=False, lifespan=lifespan)
        self._metrics = metrics
        self._access_log = access_log
        self._cors = cors
        self._check = check
        self._spans = spans()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # makes Starlette raise for 404 and 405 instead of answering in text
        if scope["type"] != "http":
            await self.router(scope, receive, send)
            return
        began = perf_counter()
        headers = merge_headers(scope["headers"])
        call = Call(
            method=scope["method"],
            path=scope["path"],
            query_string=scope["query_string"],
            headers=headers,
            request_id=offered_request_id(headers.get(b"x-request-id")) or new_request_id(),
        )
        scope[CALL] = call
        extra = ((b"x-request-id", call.request_id.encode()), *self._cors.headers(headers))
        out = _Outgoing(send, extra)
        with nullcontext() if self._spans is None else self._spans.request(call) as span:
            await self._recorded(call, scope, receive, out, began, span)

    async def _recorded(
        self,
        call: Call,
        scope: Scope,
        receive: Receive,
        out: "_Outgoing",
        began: float,
        span: Any,
    ) -> None:
        """Respond, and leave what log, metrics and a span, if there is one, have to say of it."""
        try:
            await self._respond(call, scope, receive, out)
        finally:
            path = call.route or self._template(scope)
            if self._spans is not None:
                self._spans.answered(span, call, path, out.status)
            spent = (out.streams_since or perf_counter()) - began
            self._metrics.record(path, call.method, out.status, spent)
            self._access_log.record(
                path, call.method, out.status, call.tenant, call.request_id, call.subject, spent
            )

    def hot_path(self, limits: Limits) -> HotPath | None:
        """What answers plain requests for direct handlers in this application's name.

        None where requests are traced: then all of them go the ordinary way.
        """
        if self._spans is not None:
            return None
        return HotPath(
            limits,
            self._direct,
            lambda call, error: error_reply(call, _as_api_error(error, call)),
            metrics=self._metrics,
            access_log=self._access_log,
            cors=self._cors,
            check=self._check,
        )

    def _direct(self, path: str) -> Direct | None:
        """Where the router would send a POST."""
        scope: Scope = {"type": "http", "method": "POST", "path": path, "headers": []}
        for route in self.router.routes:
            match, found = route.matches(scope)
            if match is not Match.FULL:
                continue
            endpoint = found["endpoint"]
            if isinstance(route, Route) and isinstance(endpoint, Endpoint) and endpoint.direct:
                return Direct(endpoint.handler, route.path, found["path_params"])
            return None
        return None

    async def _respond(self, call: Call, scope: Scope, receive: Receive, out: "_Outgoing") -> None:
        try:
            if REFUSED in scope:
                # Taken out: what is raised holds on to this frame, and so to the scope.
                raise cast(ApiError, scope.pop(REFUSED))
            if self._check is not None:
                self._check(call.headers)
            if "\ufffd" in call.path:
                _require_utf8(scope["raw_path"])
            preflight = self._cors.preflight(call.method, call.headers)
            if preflight is not None:
                await send_reply(preflight, out)
                return
            await self.router(scope, receive, out)
        except (Exception, asyncio.CancelledError) as error:
            if out.status:
                raise  # the answer has begun: the connection is closed under it
            # No name for it here: what is raised holds on to this frame.
            await send_reply(self._failed(call, error, scope), out)

    def _failed(self, call: Call, error: BaseException, scope: Scope) -> Reply:
        told = _as_api_error(error, call)
        if told.status == _NOT_ALLOWED:
            told.headers = ((b"allow", self._allowed(scope)),)
        return error_reply(call, told)

    def _allowed(self, scope: Scope) -> bytes:
        """The methods of all routes that a path has: each of them knows its own alone."""
        routes = [each for each in self.router.routes if each.matches(scope)[0] is not Match.NONE]
        found = {name for each in routes for name in getattr(each, "methods", None) or ()}
        return ", ".join(sorted(found)).encode("ascii")

    def _template(self, scope: Scope) -> str:
        """The route's path as it was declared; ids in a path are never logged."""
        route = scope.get("route")
        if route is None:
            matches = (r for r in self.router.routes if r.matches(scope)[0] is not Match.NONE)
            route = next(matches, None)
        return getattr(route, "path", UNMATCHED)


class _Outgoing:
    """Sends on, with the headers every answer has, and remembers the status (0: none yet)."""

    def __init__(self, send: Send, extra: tuple[tuple[bytes, bytes], ...]) -> None:
        self._send = send
        self._extra = extra
        self.status = 0
        self.streams_since = 0.0  # an answer that goes on for hours was not late by them

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._extra]
        elif message.get("more_body") and not self.streams_since:
            self.streams_since = perf_counter()
        await self._send(message)


def error_reply(call: Call, error: ApiError) -> Reply:
    if is_ofrep(call.path):
        body = ofrep_body(error, call.path)
    else:
        body = native_body(error, call.request_id)
    return Reply(error.status, body, (JSON, _NO_STORE, *error.headers))


def _require_utf8(raw_path: bytes) -> None:
    """What is not UTF-8 was put in one form, in which two ids would be taken for one."""
    try:
        unquote_to_bytes(raw_path).decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError(400, "malformed_path", "The path is not valid UTF-8.") from None


def _as_api_error(error: BaseException, call: Call) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, asyncio.CancelledError):
        return ApiError(503, "stopping", "The server stopped before this was done.")
    if isinstance(error, HTTPException):
        headers = error.headers or {}
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        return from_status(error.status_code, pairs)
    _log.error("a request failed", request_id=call.request_id, exc_info=error)
    return from_status(500)
