"""Error bodies on OFREP paths, in the form that every official client can read.

Each has errorCode and errorDetails, and key where one flag was asked for; none has a value, since
one client takes any body with a value for success. They carry no request id: bodies are compared.
"""

from burgee_http.errors import ApiError
from burgee_http.json_text import encode_json

__all__ = ["OFREP_FLAGS", "is_ofrep", "ofrep_body"]

OFREP_FLAGS = "/ofrep/v1/evaluate/flags"

# By the code of the error; whatever is not named here is GENERAL.
_CODES = {
    "malformed_json": "PARSE_ERROR",
    "invalid_context": "INVALID_CONTEXT",
    "context_too_large": "INVALID_CONTEXT",
    "targeting_key_missing": "TARGETING_KEY_MISSING",
    "flag_not_found": "FLAG_NOT_FOUND",
}


def is_ofrep(path: str) -> bool:
    return path.startswith("/ofrep/") or path == "/ofrep"


def ofrep_body(error: ApiError, path: str) -> bytes:
    body = {"errorCode": _CODES.get(error.code, "GENERAL"), "errorDetails": error.message}
    key = path.removeprefix(OFREP_FLAGS + "/")
    if key != path:
        body["key"] = key
    return encode_json(body)
