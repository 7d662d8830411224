"""The published OpenAPI of OFREP as a judge of answers."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from support.wire import Answer

__all__ = ["BULK", "SINGLE", "problems"]

_FILE: Final = Path(__file__).parents[1] / "e2e" / "data" / "ofrep-openapi.yaml"

SINGLE: Final = "/ofrep/v1/evaluate/flags/{key}"
BULK: Final = "/ofrep/v1/evaluate/flags"


@cache
def _document() -> dict[str, Any]:
    """The document with one change: the `oneOf` of a success read as `anyOf`.

    As it is written every answer with a value meets two of its branches, since the one for answers
    without a value asks for nothing.
    """
    document: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    success = document["components"]["schemas"]["evaluationSuccess"]
    (values,) = (part for part in success["allOf"] if "oneOf" in part)
    values["anyOf"] = values.pop("oneOf")
    return document


@cache
def _validator(path: str, status: int) -> Validator | None:
    """A validator of what the document says of a status; None where it says nothing of a body."""
    response = _document()["paths"][path]["post"]["responses"].get(str(status), {})
    if "content" not in response:
        return None
    schema = response["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": _document()["components"]})


def problems(path: str, answer: Answer) -> list[str]:
    """What in an answer is not as the protocol, and its clients, want it."""
    if answer.status == 304:
        return ["a 304 with a body"] if answer.body else []
    if answer.headers["content-type"] != "application/json":
        return [f"content type {answer.headers['content-type']}"]
    body: dict[str, Any] = answer.json()
    validator = _validator(path, answer.status)
    found = [] if validator is None else [str(error) for error in validator.iter_errors(body)]
    return found + _beyond(body, answer.status)


def _beyond(body: dict[str, Any], status: int) -> list[str]:
    """What the document leaves open and clients do not."""
    found: list[str] = []
    if status >= 400:
        if "value" in body:
            found.append("an error with a value: one client takes it for success")
        if not isinstance(body.get("errorDetails"), str) or not body.get("errorCode"):
            found.append("an error that lacks errorCode or errorDetails")
        return found
    for item in body.get("flags", [body]):
        key, valued = item.get("key"), "value" in item
        if "errorCode" in item:
            found += _beyond(item, 400)
            continue
        if not isinstance(item.get("variant"), str):
            found.append(f"{key}: a variant that is no text")
        if valued == (item.get("reason") == "DISABLED"):
            found.append(f"{key}: DISABLED is for answers without a value, and only those")
        if valued and item["value"] is None:
            found.append(f"{key}: a value that is null")
    return found
