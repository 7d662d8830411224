"""The hot path: a plain request in one read is answered in one write, without scope and task.

Handlers are the same as on the ordinary way, and so are the bytes that leave (a test sends the
same requests down both). Whoever keeps a connection sends the same head again and again, so what
a head comes to is remembered under its very bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from time import perf_counter
from typing import Any, Final

import msgspec

from burgee_http.call import Call, Handler, Memo, Reply
from burgee_http.cors import Cors
from burgee_http.errors import ApiError, TryAgain
from burgee_http.fields import Fields, Header
from burgee_http.limits import Limits
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, RouteCounts
from burgee_http.plain import read_plain
from burgee_http.request_ids import new_request_id, offered_request_id
from burgee_http.wire import Wire

__all__ = ["Caller", "Direct", "HotPath"]

_MOST_HEADS: Final = 2048
_LONGEST_HEAD: Final = 2048  # so what is remembered is bounded in bytes too
_MOST_PATHS: Final = 4096


class Direct(msgspec.Struct, frozen=True):
    """Where a path leads: a handler that needs no waiting, and the template for log and metrics."""

    handler: Handler
    template: str
    params: Mapping[str, Any]


class _Head(msgspec.Struct, frozen=True):
    """What a head comes to, whoever sends it."""

    data: bytes  # the head itself
    end: int  # its length
    whole: int  # its length and the body's
    handler: Handler
    path: str
    query_string: bytes
    headers: Mapping[bytes, bytes]
    params: Mapping[str, Any]
    template: str
    request_id: str | None  # the caller's own
    tail: bytes  # the fields that every answer to this caller ends with
    counts: RouteCounts
    memo: Memo


class Caller:
    """What is remembered of one connection: the head that came last, most likely the next too,
    and when it was answered (by the clock of `perf_counter`).
    """

    __slots__ = ("answered_at", "head")

    def __init__(self) -> None:
        self.head: _Head | None = None
        self.answered_at = -inf


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
        self._wire = Wire()

    def answer(self, data: bytes, caller: Caller, defaults: Sequence[Header]) -> bytes | None:
        """The answer to what one read brought, None where it is to go the ordinary way.

        `defaults` are the server's own fields; its list is another one where they change.
        """
        head = caller.head
        if head is None or not data.startswith(head.data):
            head = self._head(data)
            if head is None:
                return None
            caller.head = head
        if len(data) != head.whole:
            return None
        began = perf_counter()
        named = head.request_id or new_request_id()
        call = Call(
            "POST",
            head.path,
            head.query_string,
            head.headers,
            named,
            data[head.end :],
            head.params,
            "",
            "",
            head.memo,
        )
        try:
            reply = head.handler(call)
        except TryAgain:
            return None  # there is something to wait for
        except Exception as error:  # noqa: BLE001  every error is an answer
            reply = self._fail(call, error)
        answer = self._wire.of(reply, named, head.tail, defaults)
        ended = caller.answered_at = perf_counter()
        head.counts.record(reply.status, ended - began)
        self._access_log.record(head.template, "POST", reply.status, call.tenant, named)
        return answer

    def _head(self, data: bytes) -> _Head | None:
        end = data.find(b"\r\n\r\n") + 4
        found = self._heads.get(data[:end])
        if found is None:
            found = self._read(data, end)
            if found is not None and end <= _LONGEST_HEAD:
                if len(self._heads) >= _MOST_HEADS:
                    self._heads.clear()
                self._heads[found.data] = found
        return found

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
            data[:end],
            end,
            end + plain.length,
            direct.handler,
            plain.path,
            plain.query_string,
            plain.headers,
            direct.params,
            direct.template,
            offered_request_id(plain.headers.get(b"x-request-id")),
            b"\r\n" + Fields.of(self._cors.headers(plain.headers)).wire + b"\r\n",
            self._metrics.of(direct.template, "POST"),
            Memo(),
        )

    def _direct(self, path: str) -> Direct | None:
        found = self._paths.get(path)
        if found is None and path not in self._paths:
            if len(self._paths) >= _MOST_PATHS:
                self._paths.clear()
            found = self._paths[path] = self._find(path)
        return found
