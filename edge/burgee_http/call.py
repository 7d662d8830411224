"""A request and an answer as plain data: what handlers take and give, whoever carries them."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from burgee_http.errors import ApiError

__all__ = ["JSON", "Call", "Reply", "merge_headers", "request_id"]

JSON = (b"content-type", b"application/json")

# No blanks, quotes, control or non-ASCII characters: the id is put into headers and log lines.
_SAFE_ID = re.compile(rb"[A-Za-z0-9._:+/=@~-]{1,128}")


class Call(msgspec.Struct):
    """One request. `route` and `tenant` are for the log; they are set once known."""

    method: str
    path: str
    query_string: bytes
    headers: Mapping[bytes, bytes]  # lower-case names; several of one name are joined
    request_id: str
    body: bytes = b""
    params: Mapping[str, Any] = {}
    route: str = ""
    tenant: str = ""
    waited: bool = False  # a handler has asked for time, and does so once

    def query(self) -> list[tuple[str, str]]:
        """The pairs of the query string, in order; 400 where it is not UTF-8."""
        if not self.query_string:
            return []
        try:
            text = self.query_string.decode("ascii")
            return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
        except ValueError:
            raise ApiError(400, "malformed_query", "The query string is not valid.") from None


class Reply(msgspec.Struct, frozen=True):
    """One answer, whole. Its headers do not name a length: that follows from the body."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = (JSON,)


def merge_headers(pairs: Sequence[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Headers by name. Repeated ones are joined with a comma (RFC 9110, 5.2), so a second
    credential, tenant or host makes the first one invalid instead of hiding behind it.
    """
    headers = dict(pairs)
    if len(headers) != len(pairs):
        joined: dict[bytes, bytes] = {}
        for name, value in pairs:
            joined[name] = joined[name] + b", " + value if name in joined else value
        return joined
    return headers


def request_id(offered: bytes | None) -> str:
    """The caller's id where it is a safe token, else one of ours."""
    if offered is not None and _SAFE_ID.fullmatch(offered):
        return offered.decode("ascii")
    return os.urandom(16).hex()
