"""CORS, for pages that ask from a browser. Nothing here uses cookies, so no credentials mode."""

from collections.abc import Mapping, Sequence

from burgee_http.call import Reply
from burgee_http.insecure import is_local_origin

__all__ = ["Cors"]

Header = tuple[bytes, bytes]

_ALLOWED_HEADERS = (
    "authorization, content-type, if-none-match, x-api-key, x-request-id, x-tenant-id"
)
_EXPOSED_HEADERS = b"Burgee-Version, ETag, Retry-After, X-Request-ID"


class Cors:
    """`origins`: "*" for all, else those named, as browsers send them: `https://shop.example`.

    `local_only` takes pages on loopback alone, whatever `origins` says.
    """

    def __init__(
        self,
        origins: Sequence[str] = ("*",),
        *,
        methods: Sequence[str] = ("GET", "POST", "OPTIONS"),
        headers: Sequence[str] = (),
        local_only: bool = False,
    ) -> None:
        self._any = "*" in origins and not local_only
        self._origins = frozenset(origin.encode() for origin in origins)
        self._local_only = local_only
        self._open: tuple[Header, ...] = (
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", _EXPOSED_HEADERS),
        )
        self._preflight: tuple[Header, ...] = (
            (b"access-control-allow-methods", ", ".join(methods).encode()),
            (b"access-control-allow-headers", ", ".join((_ALLOWED_HEADERS, *headers)).encode()),
            (b"access-control-max-age", b"7200"),
        )

    def headers(self, request: Mapping[bytes, bytes]) -> tuple[Header, ...]:
        """What goes onto every answer, errors and 304 too."""
        if self._any:
            return self._open
        origin = request.get(b"origin")
        if origin is None or not self._allows(origin):
            return ((b"vary", b"Origin"),)
        return ((b"access-control-allow-origin", origin), self._open[1], (b"vary", b"Origin"))

    def preflight(self, method: str, request: Mapping[bytes, bytes]) -> Reply | None:
        """The answer to a preflight, which carries no credentials; None if it is none."""
        if method != "OPTIONS" or b"access-control-request-method" not in request:
            return None
        if b"origin" not in request:
            return None
        return Reply(204, headers=self._preflight)

    def _allows(self, origin: bytes) -> bool:
        return is_local_origin(origin) if self._local_only else origin in self._origins
