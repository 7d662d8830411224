"""The heads of requests: which are refused, and how one reads without its offer to upgrade."""

from collections.abc import Iterable, Sequence

from burgee_http.errors import ApiError, from_status
from burgee_http.limits import Limits

__all__ = ["announced_length", "judge_head", "without_offer"]

Headers = Sequence[tuple[bytes, bytes]]

_OFFER = frozenset({b"upgrade", b"http2-settings"})


def judge_head(
    method: bytes, version: str, url: bytes, headers: Headers, limits: Limits, at_most: int
) -> ApiError | None:
    """`at_most` bounds the bytes of the head, so that few have to be counted."""
    if len(headers) > limits.head_fields:
        return from_status(431)
    if at_most > limits.head_bytes and _size(method, url, headers) > limits.head_bytes:
        return from_status(431)
    if version not in ("1.1", "1.0") or method == b"CONNECT":
        return from_status(400)
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    # Whatever another server before us may have taken for no coding, or for two, is refused.
    if codings and (version == "1.0" or b",".join(codings).strip().lower() != b"chunked"):
        return from_status(400)
    return None


def announced_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """The length that the head gives for the body; the parser has seen that it is a number."""
    lengths = (value for name, value in headers if name == b"content-length")
    return int(next(lengths, b"").lstrip(b"0") or b"0")  # int() refuses thousands of zeros


def without_offer(line: bytes, headers: Headers) -> bytes:
    """The head less the offer, and less its mention in `Connection`; RFC 9110 (7.8) lets any
    server ignore an offer.
    """
    fields = [line]
    for name, value in headers:
        if name == b"connection":
            options = [option.strip() for option in value.split(b",")]
            kept = [option for option in options if option.lower() not in _OFFER]
            if kept:
                fields.append(b"connection: " + b", ".join(kept))
        elif name not in _OFFER:
            fields.append(name + b": " + value)
    return b"\r\n".join(fields) + b"\r\n\r\n"


def _size(method: bytes, url: bytes, headers: Headers) -> int:
    fields = sum(len(name) + len(value) + 4 for name, value in headers)
    return len(method) + len(url) + len(b"  HTTP/1.1\r\n\r\n") + fields
