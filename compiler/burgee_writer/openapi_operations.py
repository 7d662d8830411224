"""Operations of the OpenAPI document, and what can be answered to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from burgee_writer.codes import CODES, codes_of
from burgee_writer.openapi_shapes import Json, ref

__all__ = ["Described", "answer", "json_of", "operation", "refusals"]

_STATUSES: Final = sorted({each.status for each in CODES})
Described: TypeAlias = tuple[str, str, Json]
"""A path, a method and the operation."""


def operation(
    name: str,
    summary: str,
    good: Mapping[int, Json],
    errors: Iterable[int],
    *,
    parameters: Sequence[str] = (),
    body: Json | None = None,
    public: bool = False,
    error: str = "Error",
) -> Json:
    """Return an operation; every error that it names refers to the components."""
    refused = {status: _refused(status, error) for status in errors}
    found: Json = {
        "operationId": name,
        "summary": summary,
        "security": [] if public else [{"bearer": []}, {"key": []}],
        "parameters": [{"$ref": f"#/components/parameters/{each}"} for each in parameters],
        "responses": {str(status): each for status, each in sorted({**refused, **good}.items())},
    }
    if body is not None:
        found["requestBody"] = {"required": True, "content": body}
    return found


def refusals() -> Json:
    """Return the answers that refuse, by the names that operations refer to."""
    return {f"Refused{status}": _refusal(status, "Error") for status in _STATUSES}


def _refused(status: int, error: str) -> Json:
    if error != "Error":
        return _refusal(status, error)
    return {"$ref": f"#/components/responses/Refused{status}"}


def _refusal(status: int, name: str) -> Json:
    told = "; ".join(f"`{each.name}`: {each.when}" for each in codes_of(status))
    headers = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
    return answer(name, told, headers.get(status, ()))


def answer(name: str, description: str, headers: Iterable[str] = ()) -> Json:
    """Return an answer whose body is of a schema."""
    return {
        "description": description,
        "headers": {each: {"$ref": f"#/components/headers/{each}"} for each in headers},
        "content": json_of(name),
    }


def json_of(name: str) -> Json:
    """Return content that is of a schema."""
    return {"application/json": {"schema": ref(name)}}
