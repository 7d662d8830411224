"""Bodies and queries of the writer's calls: read strictly, refused with the place and the cure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from burgee_http.call import Call
from burgee_http.errors import ApiError
from burgee_http.json_body import check_context, parse_json

__all__ = ["Fields", "Query", "fields_of", "shaped"]

Fields = Mapping[str, Any]
S = TypeVar("S", bound=Struct)
_LONGEST_NAME: Final = 1_000
"""YAML takes a text of more than 1,024 characters for no key."""
_SHOWN: Final = 60
_QUOTED: Final = json.JSONEncoder(ensure_ascii=False).encode
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})


def fields_of(body: bytes) -> dict[str, Any]:
    """Return a body that is an object, each of its names once; 400 where it is no such JSON, 422
    where it is none, or has a name that no file can hold.
    """
    value = parse_json(body)
    try:
        check_context(value, body)
    except ApiError as error:
        message = error.message.replace("The context", "The body")
        raise ApiError(error.status, error.code, message) from None
    if not isinstance(value, dict):
        raise ApiError(422, "invalid_request", "The body has to be a JSON object.")
    _NAMES.decode(body.decode("utf-8"))
    return value


def _fit(pairs: list[tuple[str, object]]) -> None:
    """Refuse names of one object: of two that are the same, nobody knows which is meant."""
    seen = set[str]()
    for name, _ in pairs:
        if name in seen:
            raise ApiError(
                400, "malformed_json", f"The body has the field {_cut(name)} twice in one object."
            )
        seen.add(name)
        if len(name) > _LONGEST_NAME // 6 and len(_QUOTED(name)) - 2 > _LONGEST_NAME:
            raise ApiError(
                422,
                "invalid_request",
                f"The name {_cut(name)} is too long: a file holds names of {_LONGEST_NAME:,} "
                "characters, as JSON writes them.",
            )


def _cut(name: str) -> str:
    return repr(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")


_NAMES: Final = json.JSONDecoder(
    object_pairs_hook=_fit, parse_int=lambda _: 0, parse_float=lambda _: 0, strict=False
)


def shaped(fields: Any, cls: type[S]) -> S:
    """Return fields as a struct; 422 with the place where they have another shape."""
    try:
        return msgspec.convert(fields, cls)
    except msgspec.ValidationError as error:
        raise ApiError(422, "invalid_request", f"{error}.") from None
    except UnicodeEncodeError:
        message = "A name holds a lone surrogate, which is no character."
        raise ApiError(422, "invalid_request", message) from None


class Query:
    """The parameters of a call, each given once; unknown ones are refused."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @classmethod
    def of(cls, call: Call, known: Collection[str]) -> Query:
        """Read the query of a call; 400 for a parameter that is unknown or comes twice."""
        return cls.read(call.query(), known)

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]], known: Collection[str]) -> Query:
        """Read the pairs of a query."""
        values: dict[str, str] = {}
        for name, value in pairs:
            if name not in known:
                offered = ", ".join(sorted(known)) or "none"
                raise ApiError(400, "unknown_parameter", f"No parameter {name}; known: {offered}.")
            if name in values:
                raise ApiError(400, "repeated_parameter", f"The parameter {name} comes twice.")
            values[name] = value
        return cls(values)

    def text(self, name: str) -> str | None:
        """Return a parameter, None where it was not sent or is empty."""
        return self._values.get(name) or None

    def truth(self, name: str) -> bool:
        """Return whether a switch is on; a bare name is."""
        value = self._values.get(name)
        if value is None or value.lower() in _FALSE:
            return False
        if value == "" or value.lower() in _TRUE:
            return True
        raise ApiError(400, "invalid_parameter", f"{name} is true or false, not {value!r}.")

    def number(self, name: str, default: int, most: int) -> int:
        """Return a whole number from 1 to `most`."""
        value = self._values.get(name)
        if value is None:
            return default
        digits = value.isascii() and value.isdecimal() and len(value) < 10
        if not digits or not 1 <= int(value) <= most:
            raise ApiError(400, "invalid_parameter", f"{name} is a number from 1 to {most}.")
        return int(value)
