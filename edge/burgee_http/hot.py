"""The hot path: a plain request in one read is answered in one write, without scope and task.

Handlers are the same as on the ordinary way, and so are the bytes that leave (a test sends the
same requests down both). Whoever keeps a connection sends the same head again and again, so what
a head comes to is remembered under its very bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Final

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from burgee_http.call import Call, Handler, Reply, new_request_id, offered_request_id
from burgee_http.cors import Cors
from burgee_http.errors import ApiError, TryAgain
from burgee_http.fields import Fields, Header
from burgee_http.limits import Limits
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, RouteCounts
from burgee_http.plain import read_plain

__all__ = ["Direct", "HotPath"]

_MOST_HEADS: Final = 2048
_LONGEST_HEAD: Final = 2048  # so what is remembered is bounded in bytes too
_MOST_PATHS: Final = 4096
_BODILESS: Final = (204, 304)


class Direct(msgspec.Struct, frozen=True):
    """Where a path leads: a handler that needs no waiting, and the template for log and metrics."""

    handler: Handler
    template: str
    params: Mapping[str, Any]


class _Head(msgspec.Struct, frozen=True):
    """What a head comes to, whoever sends it."""

    length: int  # of the body
    handler: Handler
    path: str
    query_string: bytes
    headers: Mapping[bytes, bytes]
    params: Mapping[str, Any]
    template: str
    request_id: str | None  # the caller's own
    tail: bytes  # the fields that every answer to this caller ends with
    counts: RouteCounts


class HotPath:
    """`find` tells where the path of a POST leads; `fail` makes an answer of an error."""

    def __init__(
        self,
        limits: Limits,
        find: Callable[[str], Direct | None],
        fail: Callable[[Call, Exception], Reply],
        *,
        metrics: HttpMetrics,
        access_log: AccessLog,
        cors: Cors,
        check: Callable[[Mapping[bytes, bytes]], None] | None,
    ) -> None:
        self._limits = limits
        self._find = find
        self._fail = fail
        self._metrics = metrics
        self._access_log = access_log
        self._cors = cors
        self._check = check
        self._heads: dict[bytes, _Head] = {}
        self._paths: dict[str, Direct | None] = {}
        self._defaults: Sequence[Header] | None = None
        self._starts: dict[int, bytes] = {}

    def answer(self, data: bytes, defaults: Sequence[Header]) -> bytes | None:
        """The answer to what one read brought, None where it is to go the ordinary way.

        `defaults` are the server's own fields; its list is another one where they change.
        """
        end = data.find(b"\r\n\r\n") + 4
        head_bytes = data[:end]
        head = known = self._heads.get(head_bytes)
        if head is None:
            head = self._read(data, end)
            if head is None:
                return None
        elif head.length != len(data) - end:
            return None
        began = perf_counter()
        named = head.request_id or new_request_id()
        call = Call(
            "POST", head.path, head.query_string, head.headers, named, data[end:], head.params
        )
        try:
            reply = head.handler(call)
        except TryAgain:
            return None  # there is something to wait for
        except Exception as error:  # noqa: BLE001  every error is an answer
            reply = self._fail(call, error)
        answer = self._wire(head, reply, named, defaults)
        status = reply.status
        if known is None and status < 400:  # no stranger drives out what is known
            self._remember(head_bytes, head)
        head.counts.record(status, perf_counter() - began)
        self._access_log.record(head.template, "POST", status, call.tenant, named)
        return answer

    def _read(self, data: bytes, end: int) -> _Head | None:
        plain = read_plain(data, end, self._limits)
        if plain is None:
            return None
        direct = self._direct(plain.path)
        if direct is None:
            return None
        if self._check is not None:
            try:
                self._check(plain.headers)
            except ApiError:
                return None
        return _Head(
            plain.length,
            direct.handler,
            plain.path,
            plain.query_string,
            plain.headers,
            direct.params,
            direct.template,
            offered_request_id(plain.headers.get(b"x-request-id")),
            Fields.of(self._cors.headers(plain.headers)).wire + b"\r\n",
            self._metrics.of(direct.template, "POST"),
        )

    def _direct(self, path: str) -> Direct | None:
        found = self._paths.get(path)
        if found is None and path not in self._paths:
            if len(self._paths) >= _MOST_PATHS:
                self._paths.clear()
            found = self._paths[path] = self._find(path)
        return found

    def _remember(self, head_bytes: bytes, head: _Head) -> None:
        if len(head_bytes) <= _LONGEST_HEAD:
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            self._heads[head_bytes] = head

    def _wire(self, head: _Head, reply: Reply, named: str, defaults: Sequence[Header]) -> bytes:
        """The same bytes, in the same order, as uvicorn writes."""
        if defaults is not self._defaults:
            self._defaults = defaults
            self._starts.clear()
        status, fields, body = reply.status, reply.headers, reply.body
        start = self._starts.get(status)
        if start is None:
            start = self._starts[status] = STATUS_LINE[status] + Fields.of(defaults).wire
        block = fields.wire if type(fields) is Fields else Fields.of(fields).wire
        if status in _BODILESS:
            return b"".join((start, block, b"x-request-id: ", named.encode(), b"\r\n", head.tail))
        return b"%b%bcontent-length: %d\r\nx-request-id: %b\r\n%b%b" % (
            start,
            block,
            len(body),
            named.encode(),
            head.tail,
            body,
        )
