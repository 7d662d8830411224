"""Handlers: plain functions from a call to a reply, made into routes of Starlette's router."""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from burgee_http.call import Call, Handler, Reply
from burgee_http.errors import ApiError, TryAgain

__all__ = ["CALL", "Endpoint", "Handler", "route", "send_reply"]

CALL: Final = "burgee.call"  # where the application leaves the call in the ASGI scope


_MOST_WAITS: Final = 3  # for a key, for a snapshot, for flags to be prepared


class Endpoint:
    """A handler as an ASGI application; a `direct` one may also be called without."""

    def __init__(self, handler: Handler, *, blocking: bool = False, direct: bool = False) -> None:
        self.handler = handler
        self.direct = direct
        self._blocking = blocking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope[CALL]
        call.params = scope["path_params"]
        call.body = await _read_body(receive)
        await send_reply(await self._reply(call), send)

    async def _reply(self, call: Call) -> Reply:
        for _ in range(_MOST_WAITS):
            try:
                return await self._answer(call)
            except TryAgain as error:
                await error.ready()
                call.give_back()
        return await self._answer(call)

    async def _answer(self, call: Call) -> Reply:
        if self._blocking:
            return await asyncio.to_thread(self.handler, call)
        return self.handler(call)


def route(
    path: str,
    handler: Handler,
    methods: Sequence[str] = ("GET",),
    *,
    blocking: bool = False,
    direct: bool = False,
) -> Route:
    """A handler runs on the event loop, so it must be short; `blocking` ones get a thread, and
    plain POST requests for `direct` ones take the hot path.
    """
    endpoint = Endpoint(handler, blocking=blocking, direct=direct)
    made = Route(path, endpoint, methods=list(methods), name=path)
    # Starlette ends the pattern with `$`, which lets a newline pass.
    made.path_regex = re.compile(made.path_regex.pattern.removesuffix("$") + r"\Z")
    return made


async def send_reply(reply: Reply, send: Send) -> None:
    headers = [*reply.headers]
    if reply.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(reply.body)))
    start: Message = {"type": "http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": reply.body})


async def _read_body(receive: Receive) -> bytes:
    """The whole body. Our protocol class hands it over in one piece, and bounds it."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise ApiError(400, "disconnected", "The client went away.")
    return body
