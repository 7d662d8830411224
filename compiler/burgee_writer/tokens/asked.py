"""What a request asks for a token: its parameters, in a form or in JSON, and its credentials."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from msgspec import Struct

from burgee_http.call import Call
from burgee_http.errors import ApiError
from burgee_http.json_body import parse_json

__all__ = ["Asked", "TokenRefusal", "read_asked"]

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_LISTS: Final = ("scope", "tenant")  # words separated by spaces; in JSON also a list
_SINGLE: Final = ("grant_type", "client_id", "client_secret", "audience")
_MOST_FIELDS: Final = 100
_GRANT: Final = "client_credentials"


class TokenRefusal(Exception):
    """An error of RFC 6749, 5.2. Its description never repeats what was sent."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


class Asked(Struct, frozen=True):
    """A token that is asked for; without `scopes` or `tenants`, all that the client has."""

    client_id: str
    secret: bytes
    scopes: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    audience: str = "writer"


def read_asked(call: Call) -> Asked:
    """Raises TokenRefusal."""
    given = _parameters(call)
    if "grant_type" not in given:
        raise TokenRefusal("invalid_request", f"grant_type is missing: {_GRANT}")
    if given["grant_type"] != _GRANT:
        raise TokenRefusal("unsupported_grant_type", f"The only grant_type here is {_GRANT}.")
    client_id, secret = _credentials(call.headers, given)
    return Asked(
        client_id,
        secret.encode("utf-8", "surrogatepass"),
        tuple(dict.fromkeys(given.get("scope", "").split())),
        tuple(dict.fromkeys(given.get("tenant", "").split())),
        given.get("audience", "writer"),
    )


def _parameters(call: Call) -> dict[str, str]:
    """The parameters that have a value; one without is as if left out (RFC 6749, 3.2)."""
    kind = call.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
    kind = kind.lower() or (_JSON if call.body[:1] == b"{" else _FORM)
    if kind == _FORM:
        given = _from_form(call.body)
    elif kind == _JSON:
        given = _from_json(call.body)
    else:
        raise TokenRefusal("invalid_request", f"The body is neither {_FORM} nor {_JSON}.")
    return {name: value for name, value in given.items() if value.strip()}


def _from_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise TokenRefusal("invalid_request", "The form is not valid.") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given and name in _SINGLE:
            raise TokenRefusal("invalid_request", f"{name} is given more than once.")
        given[name] = f"{given[name]} {value}" if name in given else value
    return given


def _from_json(body: bytes) -> dict[str, str]:
    try:
        found = parse_json(body)
    except ApiError as error:
        raise TokenRefusal("invalid_request", "The body is not valid JSON.") from error
    if not isinstance(found, dict):
        raise TokenRefusal("invalid_request", "The body is no JSON object.")
    known = {name: value for name, value in found.items() if value is not None}
    return {name: _text(name, known[name]) for name in (*_SINGLE, *_LISTS) if name in known}


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if name in _LISTS and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value)
    raise TokenRefusal("invalid_request", f"{name} is no string.")


def _credentials(headers: Mapping[bytes, bytes], given: Mapping[str, str]) -> tuple[str, str]:
    """The client's name and key: by HTTP Basic or in the body, and not by both."""
    named, secret = given.get("client_id"), given.get("client_secret")
    basic = _basic(headers.get(b"authorization", b""))
    if basic is None:
        if named is None or secret is None:
            raise TokenRefusal("invalid_client", "client_id and client_secret are needed.", 401)
        return named, secret
    if secret is not None or named not in (None, basic[0]):
        raise TokenRefusal("invalid_request", "Credentials stand in the head and in the body.")
    return basic


def _basic(header: bytes) -> tuple[str, str] | None:
    """None for another scheme. Both parts are encoded as in a form (RFC 6749, 2.3.1)."""
    scheme, _, value = header.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        name, colon, secret = text.partition(":")
        if not colon:
            raise ValueError("no colon")
        return unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):
        raise TokenRefusal("invalid_client", "The Basic credentials are not valid.", 401) from None
