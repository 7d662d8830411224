"""Request bodies of the native API: JSON of the right shape, or 400 and 422."""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from burgee.instants import parse_instant
from burgee.paths import TARGETING_KEY
from burgee_http.errors import ApiError
from burgee_http.json_body import check_context, is_small, parse_json

__all__ = ["EvaluateAllBody", "EvaluateBody", "PreviewBody", "User", "read_body"]


class User(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is asked for; `id` becomes the targeting key."""

    id: str | int | float | None = None
    attributes: dict[str, Any] = {}

    @property
    def context(self) -> dict[str, Any]:
        """The evaluation context; the id wins over an attribute of that name."""
        attributes = self.attributes
        if self.id is not None:
            attributes[TARGETING_KEY] = self.id  # they are nobody else's
        return attributes


class _Body(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    user: User = User()
    request_id: Annotated[str, Meta(max_length=256)] | None = None


class EvaluateBody(_Body, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One flag for one user."""

    flag_key: str


class EvaluateAllBody(_Body, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every flag for one user, or those with these keys and any of these tags."""

    flags: list[str] | None = None
    tags: list[str] | None = None


class PreviewBody(EvaluateBody, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One flag for a hypothetical user at a hypothetical time."""

    at: Annotated[str, Meta(extra_json_schema={"format": "date-time"})] | None = None

    def instant(self, now: int) -> int:
        """Return the time asked for in microseconds."""
        if self.at is None:
            return now
        found = parse_instant(self.at)
        if found is None:
            raise _wrong_shape(f"`at` is no RFC 3339 time with offset: {self.at!r}")
        return found


B = TypeVar("B", bound=_Body)

_DECODE: Final[dict[type[Any], Callable[[bytes], Any]]] = {
    form: msgspec.json.Decoder(form).decode for form in (EvaluateBody, EvaluateAllBody, PreviewBody)
}
_REFUSED: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)


def _context(body: Any) -> Any:
    """Return the part of a body that the bounds of a context hold for, all of it where that is
    not to be found.
    """
    user = body.get("user") if isinstance(body, dict) else None
    attributes = user.get("attributes") if isinstance(user, dict) else None
    return attributes if isinstance(attributes, dict) else body


def read_body(body: bytes, form: type[B]) -> B:
    """Return a body of this form; ApiError 400 for malformed JSON or a context that is too
    large, 422 for another shape.
    """
    small = is_small(body)
    if small:
        try:
            found: B = _DECODE[form](body)
            return found
        except _REFUSED:
            pass  # it is read with more care, and refused with a better word
    value = parse_json(body)
    if not small:
        check_context(_context(value))
    try:
        return msgspec.convert(value, form)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise _wrong_shape(str(error)) from None


def _wrong_shape(reason: str) -> ApiError:
    return ApiError(422, "invalid_request", f"The body does not have the expected shape: {reason}.")
