"""The addresses of OFREP's event streams: what bulk answers offer, and what is let in by one."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from burgee_http.json_text import encode_json
from burgee_http.principal import TENANT

__all__ = ["EVENTS_PATH", "Endpoint", "Offers", "Stream"]

EVENTS_PATH: Final = "/ofrep/v1/events"
LEAST_SECRET_BYTES: Final = 32
_INACTIVITY: Final = 120  # seconds that a hidden page keeps its stream


class Endpoint(Struct, frozen=True):
    """An address below the origin that the client has asked."""

    requestUri: str  # noqa: N815  the protocol's spelling


class Stream(Struct, frozen=True, kw_only=True):
    """A stream that tells when to fetch again; it has a `url` or an `endpoint`."""

    type: Literal["sse"] = "sse"
    url: str | UnsetType = UNSET
    endpoint: Endpoint | UnsetType = UNSET
    inactivityDelaySec: Annotated[int, Meta(ge=1)] = _INACTIVITY  # noqa: N815


class Offers:
    """One address for each tenant and kind of key, the same on all nodes that share the secret.

    It is good for events of this environment only, which say no more than that something changed.
    """

    def __init__(self, secret: bytes, environment: str, public_url: str | None = None) -> None:
        if len(secret) < LEAST_SECRET_BYTES:
            raise ValueError(f"the secret has fewer than {LEAST_SECRET_BYTES} bytes")
        self._secret = secret
        self._environment = environment
        self._public_url = public_url
        self._known: dict[tuple[str, bool], bytes] = {}

    def text(self, tenant: str, *, browser: bool) -> bytes:
        """Return the JSON of `eventStreams` for a caller."""
        found = self._known.get((tenant, browser))
        if found is None:
            if len(self._known) >= 4096:
                self._known.clear()
            found = encode_json(self._streams(tenant, browser))
            self._known[tenant, browser] = found
        return found

    def let_in(self, query: Sequence[tuple[str, str]]) -> tuple[str, bool] | None:
        """Return tenant and kind of key that an address is good for, None where it is not."""
        named: Mapping[str, str] = dict(query)
        tenant, kind = named.get("tenant", ""), named.get("for", "")
        if not TENANT.fullmatch(tenant.encode("utf-8", "replace")):
            return None
        if kind not in ("browser", "server") or len(named) != len(query):
            return None
        browser = kind == "browser"
        right = self._key(tenant, browser).encode("ascii")
        given = named.get("key", "").encode("utf-8", "replace")
        return (tenant, browser) if hmac.compare_digest(right, given) else None

    def _streams(self, tenant: str, browser: bool) -> list[Stream]:
        kind = "browser" if browser else "server"
        uri = f"{EVENTS_PATH}?tenant={tenant}&for={kind}&key={self._key(tenant, browser)}"
        if self._public_url is not None:
            return [Stream(url=self._public_url + uri)]
        return [Stream(endpoint=Endpoint(uri))]

    def _key(self, tenant: str, browser: bool) -> str:
        # No name holds a blank, so no two of these are alike.
        kind = "browser" if browser else "server"
        named = f"burgee events {self._environment} {tenant} {kind}"
        made = hmac.digest(self._secret, named.encode("ascii"), sha256)
        return urlsafe_b64encode(made).rstrip(b"=").decode("ascii")
