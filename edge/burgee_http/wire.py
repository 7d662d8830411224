"""Answers as the bytes that uvicorn would write, in its order."""

from collections.abc import Sequence
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from burgee_http.call import Reply
from burgee_http.fields import Fields, Header

__all__ = ["Wire"]

_BODILESS: Final = (204, 304)
_MOST_LENGTHS: Final = 1024
_LENGTHS: Final = [b"content-length: %d\r\nx-request-id: " % n for n in range(_MOST_LENGTHS)]


class Wire:
    """Most answers begin as the last one did: the same status, second and shared block of fields.
    That beginning is kept.
    """

    def __init__(self) -> None:
        self._status = 0
        self._block: Fields | None = None
        self._defaults: Sequence[Header] = ()
        self._start = b""

    def of(self, reply: Reply, request_id: str, tail: bytes, defaults: Sequence[Header]) -> bytes:
        """`tail` ends the line of the id, and the head."""
        status, body, fields = reply.status, reply.body, reply.headers
        block = fields if type(fields) is Fields else Fields.of(fields)
        lines = b""
        if block.base is not None:
            block, lines = block.base, block.lines
        if block is not self._block or status != self._status or defaults is not self._defaults:
            self._begin(status, block, defaults)
        if status in _BODILESS:
            length = b"x-request-id: "
        elif len(body) < _MOST_LENGTHS:
            length = _LENGTHS[len(body)]
        else:
            length = b"content-length: %d\r\nx-request-id: " % len(body)
        return b"".join((self._start, lines, length, request_id.encode(), tail, body))

    def _begin(self, status: int, block: Fields, defaults: Sequence[Header]) -> None:
        self._start = STATUS_LINE[status] + Fields.of(defaults).wire + block.wire
        self._status, self._block, self._defaults = status, block, defaults
