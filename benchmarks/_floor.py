"""The floor under an edge node: a bare ASGI application under stock uvicorn.

It decodes the JSON body it is sent and answers so many bytes in so many header fields.
Arguments: status, header fields with those that uvicorn adds, bytes of the head, bytes of the body.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import uvicorn

STATUS, FIELDS, HEAD, BODY = map(int, sys.argv[1:5])
BODY_BYTES = b"x" * BODY
BY_UVICORN = [(b"date", b"Thu, 01 Jan 1970 00:00:00 GMT"), (b"server", b"uvicorn")]
decode = msgspec.json.Decoder().decode


def fields() -> list[tuple[bytes, bytes]]:
    """Return the application's own fields: type, length, and fillers that make up the rest."""
    own = [(b"content-type", b"application/json")]
    if STATUS != 304:
        own.append((b"content-length", b"%d" % BODY))
    start = len(f"HTTP/1.1 {STATUS} " + {200: "OK", 304: "Not Modified"}[STATUS]) + 2
    missing = FIELDS - len(own) - len(BY_UVICORN)
    taken = start + 2 + sum(len(name) + len(value) + 4 for name, value in own + BY_UVICORN)
    each, rest = divmod(HEAD - taken, missing)
    for number in range(missing):
        name = b"x-filler-%d" % number
        length = each + (rest if number == 0 else 0) - len(name) - 4
        own.append((name, b"v" * max(length, 1)))
    return own


HEADERS = fields()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer the same to everything."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b""
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    decode(body)
    await send({"type": "http.response.start", "status": STATUS, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY_BYTES})


def main() -> None:
    """Listen on a free port of loopback, and say on which."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, access_log=False, log_level="error")
    server = uvicorn.Server(config)
    bound = config.bind_socket()
    print(f"listening on http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
    server.run(sockets=[bound])


if __name__ == "__main__":
    main()
