"""The errors that leave a server, and the body of the native API's errors."""

from collections.abc import Awaitable, Callable, Iterable

from burgee_http.json_text import encode_json

__all__ = ["ApiError", "TryAgain", "from_status", "native_body"]

Headers = tuple[tuple[bytes, bytes], ...]

_STATUSES: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request is not valid."),
    404: ("not_found", "There is nothing at this path."),
    405: ("method_not_allowed", "This path does not take this method."),
    408: ("request_timeout", "The request did not arrive in time."),
    413: ("body_too_large", "The body is too large."),
    422: ("invalid_request", "The body does not have the expected shape."),
    431: ("head_too_large", "The head of the request is too large."),
    500: ("internal_error", "The server met an error; it has been logged."),
}


class ApiError(Exception):
    """An answer that is an error; raised anywhere below a handler."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: object = None,
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers: Headers = tuple(headers)


class TryAgain(ApiError):
    """An error that may be gone once `ready()` has been awaited, such as a key not fetched yet.

    Handlers are plain functions and may not wait; the endpoint waits and calls again.
    """

    def __init__(self, error: ApiError, ready: Callable[[], Awaitable[None]]) -> None:
        super().__init__(error.status, error.code, error.message, error.details, error.headers)
        self.ready = ready


def from_status(status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> ApiError:
    code, message = _STATUSES.get(status, ("error", f"The server answered {status}."))
    return ApiError(status, code, message, headers=headers)


def native_body(error: ApiError, request_id: str) -> bytes:
    body: dict[str, object] = {"code": error.code, "message": error.message}
    if error.details is not None:
        body["details"] = error.details
    return encode_json({"error": body, "request_id": request_id})
