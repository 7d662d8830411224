"""A web server that holds the dist layout, or another node's `/v1/set`."""

import asyncio
import errno
import re
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final

from msgspec import Struct

from burgee.client.http import Answer, Http, retry_after
from burgee.client.known import Unavailable
from burgee.load import Refused
from burgee_edge.sources.pace import Pace
from burgee_edge.sources.source import HEARTBEAT, MANIFEST, most_bytes

__all__ = ["HttpSource"]

_MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age=([0-9]{1,9})(?:$|[,\s])")
_MUTABLE: Final = frozenset({MANIFEST, HEARTBEAT})
_ABSENT: Final = frozenset({404, 410})
# Some servers make an ETag of the size and the second, so two changes within one look alike.
_WHOLE_EVERY_SECONDS: Final = 30.0


class _Kept(Struct, frozen=True):
    """A file as it last came whole, and when."""

    etag: str
    data: bytes
    at: float


class HttpSource:
    """`<address>/<environment>/…`; the manifest is sent only where its ETag is another one."""

    local = False

    def __init__(
        self,
        http: Http,
        environment: str,
        poll_seconds: float,
        most_document: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = f"{http.address}/{environment}"
        self._http = http
        self._environment = environment
        self._most_document = most_document
        self._pace = Pace(poll_seconds)
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def read(self, path: str) -> bytes:
        try:
            answer = self._get(path)
        except Unavailable as error:
            self._pace.failed(error.retry_after)
            raise Refused(_REASONS.get(error.reason, error.reason), str(error)) from error
        if path == MANIFEST:
            self._pace.well(_max_age(answer))
        if answer.status in _ABSENT:
            raise FileNotFoundError(errno.ENOENT, f"{self._http.address} has no such file")
        return answer.body

    def others(self) -> str:
        return "; is the address that of the folder above, without the environment?"

    def changes(self, stop: asyncio.Event, wake: asyncio.Event) -> AsyncGenerator[None, None]:
        return self._pace.changes(stop, wake)

    def interrupt(self) -> None:
        self._http.interrupt()

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str) -> Answer:
        kept = self._kept.get(path)
        now = self._clock()
        if kept is not None and now - kept.at > _WHOLE_EVERY_SECONDS:
            kept = None
        headers = {} if kept is None else {"If-None-Match": kept.etag}
        most = most_bytes(path, self._most_document)
        answer = self._http.get(f"/{self._environment}/{path}", most, headers)
        if answer.status == 304 and kept is not None:
            return Answer(200, answer.headers, kept.data)
        if answer.status == 200:
            etag = answer.headers.get("etag")
            if path in _MUTABLE and etag:
                self._kept[path] = _Kept(etag, answer.body, now)
            return answer
        if answer.status in _ABSENT:
            self._kept.pop(path, None)
            return answer
        raise self._refusal(path, answer)

    def _refusal(self, path: str, answer: Answer) -> Unavailable:
        told = f"{self.place}/{path} is answered with {answer.status}"
        wait = retry_after(answer.headers)
        match answer.status:
            case 401:
                why = "the token is not taken, or one is needed: --source-token-file"
                return Unavailable("unauthenticated", f"{told}: {why}", wait)
            case 403:
                why = "a node wants a token of scope flags:r for all tenants (*)"
                return Unavailable("forbidden", f"{told}: {why}", wait)
            case status if 300 <= status < 400:
                why = "redirects are not followed: name the address it leads to"
                return Unavailable("redirect", f"{told}: {why}", wait)
            case _:
                return Unavailable("unreachable", told, wait)


_REASONS: Final = {"too_large": "oversized", "token": "unauthenticated"}


def _max_age(answer: Answer) -> float | None:
    """Return for how long the answer is good, as its Cache-Control and Age say."""
    found = _MAX_AGE.search(answer.headers.get("cache-control", ""))
    if found is None:
        return None
    age = answer.headers.get("age", "0")
    return max(0.0, float(found[1]) - (float(age) if age.isdecimal() and len(age) < 10 else 0.0))
