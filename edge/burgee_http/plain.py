"""Which requests are plain: a POST of a known length, whole in what was read.

Everything that needs more thought is None here, and goes the ordinary way.
"""

from collections.abc import Mapping
from typing import Any

import httptools
import msgspec

from burgee_http.call import merge_headers
from burgee_http.heads import announced_length, judge_head
from burgee_http.limits import Limits

__all__ = ["Plain", "read_plain"]

_NOT_PLAIN = frozenset({b"expect", b"transfer-encoding", b"upgrade"})


class Plain(msgspec.Struct, frozen=True):
    """The head of a plain request; `length` is its body's, `fields` counts those as they came."""

    path: str
    query_string: bytes
    headers: Mapping[bytes, bytes]
    length: int
    fields: int


class _Head:
    """What the parser calls, for a head alone."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.heads = 0
        self.version = ""
        self.persists = False
        self._parser: Any = None

    def read(self, data: bytes) -> None:
        """Raises what httptools does."""
        self._parser = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        try:
            self._parser.feed_data(data)
        finally:
            self._parser = None  # it holds on to us: a cycle, of which reloads make leaks

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.heads += 1
        parser = self._parser
        self.version = parser.get_http_version()
        self.persists = parser.should_keep_alive() and not parser.should_upgrade()

    def on_body(self, body: bytes) -> None:
        self.heads = 0  # what was taken for the head held more than that


def read_plain(data: bytes, end: int, limits: Limits) -> Plain | None:
    """`end` is where the head ends, by its first empty line."""
    if not data.startswith(b"POST /") or end > limits.head_bytes:
        return None
    head = _Head()
    try:
        head.read(data[:end])
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    if head.heads != 1 or not head.persists:
        return None
    headers = merge_headers(head.headers)
    if b"content-length" not in headers or not _NOT_PLAIN.isdisjoint(headers):
        return None
    length = announced_length(head.headers)
    if length > len(data) - end or length > limits.body_bytes:
        return None
    if judge_head(b"POST", head.version, head.url, head.headers, limits, end) is not None:
        return None
    return _targeted(head, headers, length)


def _targeted(head: _Head, headers: Mapping[bytes, bytes], length: int) -> Plain | None:
    before_query = head.url.partition(b"?")[0]
    if head.version != "1.1" or b"//" in before_query or b"%" in before_query:
        return None
    try:
        target = httptools.parse_url(head.url)
        return Plain(
            target.path.decode("ascii"), target.query or b"", headers, length, len(head.headers)
        )
    except (httptools.HttpParserError, UnicodeDecodeError, AttributeError):
        return None
