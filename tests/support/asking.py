"""A client that keeps asking one node for all flags, in a process of its own, and judges answers.

Run as `python -m support.asking PORT`: it asks until its standard input ends, then prints one JSON
object. Two flags, `left` and `right`, must always have one value, `v` and the sequence that the
answer's version begins with.
"""

import json
import sys
import threading
import time
from typing import Any

import msgspec

from support.wire import Answer, Wire

__all__ = ["Told"]

_BODY = b'{"context":{"targetingKey":"u-1"}}'
_PAUSE = 0.001  # leaves the processor to the node where there is but one
_NEW_CONNECTION_EVERY = 50


class Told(msgspec.Struct):
    """What a client met."""

    asked: int = 0
    connections: int = 0
    not_modified: int = 0
    versions: list[int] = []
    faults: list[str] = []


def _request(port: int, etag: str | None) -> bytes:
    fields = [
        "POST /ofrep/v1/evaluate/flags HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "X-Tenant-ID: pair",
        "Content-Type: application/json",
        f"Content-Length: {len(_BODY)}",
    ]
    if etag is not None:
        fields.append(f"If-None-Match: {etag}")
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + _BODY


def _judge(told: Told, answer: Answer, kept: dict[str, Any]) -> None:
    """Look at one answer; `kept` is what the client keeps by ETag, as a browser's does."""
    sequence = int(answer.headers["burgee-version"].partition("-")[0])
    if answer.status == 304:
        told.not_modified += 1
        found = kept["values"]
    elif answer.status == 200:
        found = {item["key"]: item["value"] for item in json.loads(answer.body)["flags"]}
        kept.update(etag=answer.headers["etag"], values=found)
    else:
        told.faults.append(f"status {answer.status}: {answer.body!r}")
        return
    if found != {"left": f"v{sequence}", "right": f"v{sequence}"}:
        told.faults.append(f"version {sequence}, status {answer.status}: {found}")
    if told.versions and sequence < told.versions[-1]:
        told.faults.append(f"version {sequence} after {told.versions[-1]}")
    if not told.versions or sequence != told.versions[-1]:
        told.versions.append(sequence)


def _ask(port: int, stop: threading.Event) -> Told:
    told = Told()
    kept: dict[str, Any] = {}
    while not stop.is_set():
        told.connections += 1
        try:
            with Wire(port) as wire:
                for _ in range(_NEW_CONNECTION_EVERY):
                    # Every other request is conditional: a wrong 304 would show old values.
                    wire.send(_request(port, kept.get("etag") if told.asked % 2 else None))
                    _judge(told, wire.answer(), kept)
                    told.asked += 1
                    time.sleep(_PAUSE)
        except (OSError, EOFError, ValueError, KeyError) as error:
            told.faults.append(f"{type(error).__name__}: {error}")
    return told


def _main() -> None:
    stop = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    told = _ask(int(sys.argv[1]), stop)
    sys.stdout.write(msgspec.json.encode(told).decode())


if __name__ == "__main__":
    _main()
