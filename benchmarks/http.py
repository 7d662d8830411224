"""What a request costs the edge node, against a bare ASGI application under stock uvicorn.

Processor time of the server per request (user and system, from /proc), from 16 keep-alive
connections on loopback, both servers asked in turn within one run. The node has client keys,
tenants, request ids, metrics, and an access log for one request in a hundred; the floor decodes
the same JSON body and answers as many bytes in as many header fields. Flags are mixed: a third
constant, a third of three rules, a third splits with object values.
Run: python -m benchmarks.http
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct

from benchmarks._claims import Claim, print_claims
from benchmarks._servers import (
    SAMPLE,
    Connection,
    Crowd,
    Edge,
    Server,
    edge_server,
    floor_server,
    request,
)

__all__ = ["BULK", "NATIVE", "OFREP", "claims", "main"]

_ROUNDS: Final = 15
BULK: Final = "/ofrep/v1/evaluate/flags"
_ATTRIBUTES: Final = b'"plan":"free","country":"NL","version":"3.9.0"'
NATIVE: Final = (
    b'{"flag_key":"mixed-%d","user":{"id":"user-%d","attributes":{' + _ATTRIBUTES + b"}}}"
)
OFREP: Final = b'{"context":{"targetingKey":"user-%d",' + _ATTRIBUTES + b"}}"


class Work(Struct, frozen=True):
    """One kind of request; `users` are new in every round unless they `repeat`."""

    name: str
    path: str
    body: bytes
    at_most: float
    users: int
    repeat: bool = False
    confirmed: bool = False  # each sends the ETag that it was given


_SINGLES: Final = (
    Work("POST /v1/evaluate", "/v1/evaluate", NATIVE, 0.45, 2_000),
    Work("OFREP, one flag", f"{BULK}/mixed-1", OFREP, 0.45, 2_000),
)
_BULKS: Final = {
    100: (
        Work("OFREP, 100 flags, 304", BULK, OFREP, 0.45, 500, repeat=True, confirmed=True),
        Work("OFREP, 100 flags, new contexts", BULK, OFREP, 2.4, 2_000),
        Work("OFREP, 100 flags, repeated contexts", BULK, OFREP, 0.9, 500, repeat=True),
    ),
    350: (Work("OFREP, 350 flags, repeated contexts", BULK, OFREP, 1.2, 150, repeat=True),),
}


def _rounds(edge: Edge, work: Work) -> list[list[bytes]]:
    """Return the requests of each round; the first round warms up."""
    connection = Connection(edge.server.port)

    again = max(1, 2_000 // work.users)  # so that a round takes long enough to be measured

    def one(user: int) -> bytes:
        body = work.body % ((user % 3, user) if work.body is NATIVE else user)
        data = request(work.path, body, edge.key)
        if not work.confirmed:
            return data
        etag = connection.ask(data).fields["etag"]
        return request(work.path, body, edge.key, etag)

    if work.repeat:
        return [[one(user) for user in range(work.users)] * again] * (_ROUNDS + 1)
    return [
        [one(number * work.users + user) for user in range(work.users)]
        for number in range(_ROUNDS + 1)
    ]


def _microseconds(server: Server, crowd: Crowd, requests: Sequence[bytes], status: int) -> float:
    before = server.processor_seconds()
    crowd.ask_all(requests, status)
    return (server.processor_seconds() - before) / len(requests) * 1e6


def _claim(edge: Edge, work: Work) -> Claim:
    rounds = _rounds(edge, work)
    sample = Connection(edge.server.port).ask(rounds[0][0])
    status = 304 if work.confirmed else 200
    assert sample.status == status, sample
    with floor_server(sample) as floor:
        of_floor = Connection(floor.port).ask(rounds[0][0])
        assert len(of_floor.fields) == len(sample.fields), (of_floor, sample)
        assert len(of_floor.head) == len(sample.head), (of_floor, sample)
        crowds = Crowd(edge.server.port), Crowd(floor.port)
        pairs = [
            (
                _microseconds(edge.server, crowds[0], requests, status),
                _microseconds(floor, crowds[1], requests, status),
            )
            for requests in rounds
        ][1:]
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    ours, theirs = (median(each) for each in zip(*pairs, strict=True))
    ratio = median(ratios)
    note = (
        f"{ours:.1f} µs against {theirs:.1f}; rounds {ratios[0]:.2f}–{ratios[-1]:.2f}; "
        f"{len(sample.body):,} bytes"
    )
    return Claim(
        work.name,
        f"{ratio:.2f} of the floor",
        f"at most {work.at_most}",
        ratio <= work.at_most,
        note,
    )


def claims() -> list[Claim]:
    """Measure each kind of request."""
    made: list[Claim] = []
    for flags, bulks in _BULKS.items():
        with TemporaryDirectory() as folder, edge_server(Path(folder), flags) as edge:
            works = (*_SINGLES, *bulks) if flags == 100 else bulks
            made += [_claim(edge, work) for work in works]
    return made


def main() -> None:
    """Print processor time per request as a share of the floor's."""
    print(f"processor time per request; access log for {SAMPLE:.0%} of the requests")
    print_claims(claims())


if __name__ == "__main__":
    main()
