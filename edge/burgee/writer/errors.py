"""What a writer refuses, and what becomes of a call that it does not answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "Conflict",
    "Forbidden",
    "Invalid",
    "NotFound",
    "RateLimited",
    "Unauthorized",
    "Unreachable",
    "WriterError",
    "error_of",
]


class WriterError(Exception):
    """A call that was refused: `status` is the answer's, None where none came.

    `idempotency_key` is that of a write: made once more with it, a write that was made already is
    not made again. `retry_after` is how many seconds the writer asks to be left alone.
    """

    retry_after: float | None = None
    lost = False

    def __init__(
        self,
        status: int | None,
        code: str,
        message: str,
        details: Any = None,
        request_id: str | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> None:
        super().__init__(f"{message} ({code})")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.request_id = request_id
        self.idempotency_key = idempotency_key

    @property
    def outcome_unknown(self) -> bool:
        """Whether a write may have been made all the same."""
        if self.idempotency_key is None:
            return self.lost
        details = self.details if isinstance(self.details, Mapping) else {}
        unknown: bool = details.get("outcome") == "unknown" or self.status in (502, 504)
        return unknown or self.lost


class Conflict(WriterError):
    """Somebody else was first, or what is there stands in the way (409, 412)."""


class Invalid(WriterError):
    """The repository would not be sound with it (422); `findings` are those of `burgee check`."""

    @property
    def findings(self) -> list[Any]:
        """What is wrong, and where."""
        details = self.details if isinstance(self.details, Mapping) else {}
        found: list[Any] = details.get("findings") or []
        return found


class Unauthorized(WriterError):
    """The token is missing, expired or revoked (401)."""


class Forbidden(WriterError):
    """The token or the policy does not let this be done (403)."""


class NotFound(WriterError):
    """There is nothing of that name (404)."""


class RateLimited(WriterError):
    """Too many calls (429)."""


class Unreachable(WriterError):
    """No answer came; of a write that was sent nobody knows whether it was made."""

    sent = True

    @property
    def outcome_unknown(self) -> bool:
        """Whether a write may have been made all the same."""
        return self.lost or (self.sent and self.idempotency_key is not None)


_CLASSES: Final[Mapping[int, type[WriterError]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    422: Invalid,
    429: RateLimited,
}


def error_of(status: int, body: Any, idempotency_key: str | None) -> WriterError:
    """Return what an answer that is no success says, whoever gave it."""
    whole = body if isinstance(body, Mapping) else {}
    told = whole.get("error")
    said = told if isinstance(told, Mapping) else {}
    return _CLASSES.get(status, WriterError)(
        status,
        str(said.get("code") or f"http_{status}"),
        str(said.get("message") or f"the writer answered {status}"),
        said.get("details"),
        whole.get("request_id"),
        idempotency_key=idempotency_key,
    )
