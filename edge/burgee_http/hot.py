"""The hot path: a plain request in one read is answered in one write, without scope and task.

Handlers are the same as on the ordinary way, and so are the bytes that leave (a test sends the
same requests down both). Whoever keeps a connection sends the same head again and again, so what
a head comes to is remembered under its very bytes; but for an ETag of ours, which differs by user.
"""

import re
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
from burgee_http.plain import Plain, read_plain
from burgee_http.request_ids import new_request_id, offered_request_id
from burgee_http.wire import Wire

__all__ = ["Caller", "Direct", "HotPath"]

_MOST_HEADS: Final = 2048
_LONGEST_HEAD: Final = 2048  # so what is remembered is bounded in bytes too
_MOST_PATHS: Final = 4096
_LONGEST_PATH: Final = 512  # they come from anybody, before a token is looked at

# A whole line with an ETag as our servers make them, which does not go on in the next.
_TAG: Final = re.compile(rb'(\r\n[Ii]f-[Nn]one-[Mm]atch: ")[0-9a-f]{64}"(?=\r\n[^ \t])')
_TAG_LENGTH: Final = 66
_TAG_LINE: Final = len("\r\nif-none-match: ") + _TAG_LENGTH


class Direct(msgspec.Struct, frozen=True):
    """Where a path leads: a handler that needs no waiting, and the template for log and metrics."""

    handler: Handler
    template: str
    params: Mapping[str, Any]


class _Head(msgspec.Struct, frozen=True):
    """What a head comes to, whoever sends it; an ETag of ours is not in it."""

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
    memo: Memo
    takes_tag: bool  # it would still be a good head with one in it


class _Seen(msgspec.Struct, frozen=True):
    """A head as it came: up to what stands between the quotes of an ETag of ours, and from there
    on; all of it where there is none.
    """

    before: bytes
    after: bytes
    resumes: int  # where `after` begins
    end: int
    head: _Head


class Caller:
    """What is remembered of one connection: the head that came last, most likely the next too;
    of the request last answered, where it ended in what was read, and when it was answered (by the
    clock of `perf_counter`).
    """

    __slots__ = ("answered_at", "ends", "seen")

    def __init__(self) -> None:
        self.seen: _Seen | None = None
        self.ends = 0
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
        self._heads: dict[bytes, _Seen] = {}
        self._paths: dict[str, Direct | None] = {}
        self._wire = Wire()

    def answer(self, data: bytes, caller: Caller, defaults: Sequence[Header]) -> bytes | None:
        """The answer to the request that a read begins with, None where that is to go the ordinary
        way; behind `caller.ends` others may follow.

        `defaults` are the server's own fields; its list is another one where they change.
        """
        seen = caller.seen
        if (
            seen is None
            or not data.startswith(seen.before)
            or (seen.after and not data.startswith(seen.after, seen.resumes))
        ):
            seen = self._seen(data)
            if seen is None:
                return None
            caller.seen = seen
        head, end = seen.head, seen.end
        ends = end + head.length
        if len(data) < ends:
            return None
        began = perf_counter()
        headers = head.headers
        if seen.after:
            digits = data[len(seen.before) : seen.resumes]
            if not digits.isalnum():  # then nothing ends the field before its time
                return None
            headers = {**headers, b"if-none-match": b'"' + digits + b'"'}
        named = head.request_id or new_request_id()
        call = Call(
            "POST",
            head.path,
            head.query_string,
            headers,
            named,
            data[end:ends],
            head.params,
            "",
            "",
            head.memo,
        )
        try:
            reply = head.handler(call)
        except TryAgain:
            call.give_back()
            return None  # there is something to wait for
        except Exception as error:  # noqa: BLE001  every error is an answer
            reply = self._fail(call, error)
        answer = self._wire.of(reply, named, head.tail, defaults)
        ended = caller.answered_at = perf_counter()
        caller.ends = ends
        head.counts.record(reply.status, ended - began)
        self._access_log.record(head.template, "POST", reply.status, call.tenant, named)
        return answer

    def _seen(self, data: bytes) -> _Seen | None:
        end = data.find(b"\r\n\r\n") + 4
        found = self._heads.get(data[:end])
        if found is not None:
            return found
        tag = _TAG.search(data, 0, max(end - 1, 0))
        if tag is None:
            return self._remembered(data[:end], self._read(data, end))
        bare = data[: tag.start()] + data[tag.end() : end]
        known = self._heads.get(bare)
        if known is None:
            known = self._remembered(bare, self._read(bare + data[end:], len(bare)))
        if known is None or not known.head.takes_tag:
            return None
        resumes = tag.end() - 1
        return _Seen(data[: tag.end(1)], data[resumes:end], resumes, end, known.head)

    def _remembered(self, data: bytes, head: _Head | None) -> _Seen | None:
        if head is None:
            return None
        end = len(data)
        seen = _Seen(data, b"", end, end, head)
        if end <= _LONGEST_HEAD:
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            self._heads[data] = seen
        return seen

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
            b"\r\n" + Fields.of(self._cors.headers(plain.headers)).wire + b"\r\n",
            self._metrics.of(direct.template, "POST"),
            Memo(),
            self._takes_tag(plain, end),
        )

    def _takes_tag(self, plain: Plain, end: int) -> bool:
        limits = self._limits
        fits = end + _TAG_LINE <= limits.head_bytes and plain.fields < limits.head_fields
        return fits and b"if-none-match" not in plain.headers

    def _direct(self, path: str) -> Direct | None:
        if len(path) > _LONGEST_PATH:
            return self._find(path)
        found = self._paths.get(path)
        if found is None and path not in self._paths:
            if len(self._paths) >= _MOST_PATHS:
                self._paths.clear()
            found = self._paths[path] = self._find(path)
        return found
