"""A request and an answer as plain data: what handlers take and give, whoever carries them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from burgee_http.errors import ApiError

__all__ = [
    "JSON",
    "Call",
    "Handler",
    "Memo",
    "Reply",
    "merge_headers",
]

JSON = (b"content-type", b"application/json")


class Memo:
    """What somebody has worked out of a head alone, kept for when the same bytes come again."""

    __slots__ = ("admitted",)

    def __init__(self) -> None:
        self.admitted: Any = None  # the gate's


class Call(msgspec.Struct, gc=False):
    """One request. `route`, `tenant` and `subject` are for the log; they are set once known."""

    method: str
    path: str
    query_string: bytes
    headers: Mapping[bytes, bytes]  # lower-case names; several of one name are joined
    request_id: str
    body: bytes = b""
    params: Mapping[str, Any] = {}
    route: str = ""
    tenant: str = ""
    memo: Memo | None = None
    waited: bool = False  # a handler has asked for time, and does so once
    counted: Callable[[], None] | None = None  # undoes that it counts towards its client's rate
    subject: str = ""

    def give_back(self) -> None:
        """Said where the call is handled anew, so that it counts once."""
        undo, self.counted = self.counted, None
        if undo is not None:
            undo()

    def query(self) -> list[tuple[str, str]]:
        """The pairs of the query string, in order; 400 where it is not UTF-8."""
        if not self.query_string:
            return []
        try:
            text = self.query_string.decode("ascii")
            return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
        except ValueError:
            raise ApiError(400, "malformed_query", "The query string is not valid.") from None


class Reply(msgspec.Struct, frozen=True, gc=False):
    """One answer, whole. Its headers do not name a length: that follows from the body."""

    status: int
    body: bytes = b""
    headers: Iterable[tuple[bytes, bytes]] = (JSON,)


Handler = Callable[[Call], Reply]


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
