"""Request bodies as JSON values, bounded: no body makes this raise anything but ApiError."""

import json
from math import isinf
from typing import NoReturn

import msgspec

from burgee_http.errors import ApiError

__all__ = ["MAX_DEPTH", "MAX_VALUES", "check_context", "is_small", "parse_json"]

Container = dict[str, object] | list[object]

MAX_DEPTH = 32
MAX_VALUES = 10_000

_decode = msgspec.json.Decoder().decode


def parse_json(body: bytes) -> object:
    """The JSON value of a body, else ApiError 400 `malformed_json`.

    msgspec refuses lone surrogates, which clients in other languages do send; only then is the
    body read a second time, by the standard library.
    """
    try:
        return _decode(body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_constant, parse_float=_float)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, integers over 4,300 digits
        raise _malformed(_reason(error)) from None


def check_context(context: object, body: bytes | None = None) -> None:
    """Refuses (400) a context deeper than 32 or of more than 10,000 values.

    `body` is the text it was read from: a short one with few brackets needs no walk.
    """
    if body is not None and is_small(body):
        return
    count = depth = 0
    level: list[Container] = [context] if isinstance(context, dict | list) else []
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        below: list[Container] = []
        for container in level:
            values = container.values() if isinstance(container, dict) else container
            count += len(container)
            if count > MAX_VALUES:
                raise ApiError(
                    400, "context_too_large", f"The context holds more than {MAX_VALUES:,} values."
                )
            below.extend(value for value in values if isinstance(value, dict | list))
        level = below


def is_small(body: bytes) -> bool:
    """Whether nothing in a body can be too deep or too much, as its length and brackets tell."""
    if len(body) > MAX_VALUES:
        return False
    lists = body.count(b"[") if b"[" in body else 0
    return lists + body.count(b"{") <= MAX_DEPTH


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _float(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError("a number is out of range")
    return number


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    text = str(error)
    return "an integer has over 4,300 digits" if text.startswith("Exceeds") else text


def _malformed(reason: str) -> ApiError:
    return ApiError(400, "malformed_json", f"The body is not valid JSON: {reason}.")


def _too_deep() -> ApiError:
    return ApiError(400, "context_too_large", f"The body is nested deeper than {MAX_DEPTH} levels.")
