"""An edge node as a source: one tenant's manifest by its ETag, documents by their digest."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from burgee.client.events import Events
from burgee.client.http import Answer, Http, retry_after
from burgee.client.known import Mark, Unavailable
from burgee.client.order import check_version
from burgee.load import Refused, document_path
from burgee.snapshot.canonical import digest
from burgee.snapshot.forms import DocumentRef, TenantManifest

if TYPE_CHECKING:
    from burgee.signatures import Trust

__all__ = ["EdgeSource"]

_ORDER: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_MOST_MANIFEST: Final = 16 << 20
_MOST_SIGNATURES: Final = 1 << 16
_MOST_STATUS: Final = 16 << 20
_MOST_DOCUMENT: Final = 512 << 20  # whatever its manifest says


class _StatusForm(msgspec.Struct):
    environment: str


class EdgeSource:
    """What `/v1/set` of an edge node holds for one tenant."""

    slowest_seconds = 60.0

    def __init__(
        self,
        http: Http,
        environment: str | None,
        tenant: str,
        *,
        trust: Trust | None = None,
        poll_seconds: float = 30.0,
        events: bool = True,
    ) -> None:
        self.local = http.address.loopback
        self.poll_seconds = poll_seconds
        self._http = http
        self._environment = environment
        self._tenant = tenant
        self._trust = trust
        self._wants_events = events
        self._events = Events(http) if events else None
        self._etag = ("", "")  # of the manifest with this digest
        self._manifest = (b"", "")  # the one last fetched, and its path
        self._sizes: dict[str, int] = {}
        self._signed: tuple[str, bytes] | None = None

    def __repr__(self) -> str:
        return str(self._http.address)

    def environment(self) -> str:
        """Return the environment that was named, or the one that the node serves."""
        if self._environment is None:
            answer = self._get("/v1/status", _MOST_STATUS)
            try:
                told = msgspec.json.decode(answer.body, type=_StatusForm).environment
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise Refused("malformed", f"{self} does not tell its environment") from error
            if not _NAME.fullmatch(told):  # it names a folder of ours, too
                raise Refused("malformed", f"{self} serves {told[:80]!r}, which is no environment")
            self._environment = told
        return self._environment

    def look(self, known: Mark | None) -> Mark:
        """Return which manifest the node serves; it is sent only where it is not known."""
        headers = {} if known is None else {"If-None-Match": self._etag_of(known.digest)}
        path = f"/v1/set/{self.environment()}/{self._tenant}/manifest.json"
        answer = self._get(path, _MOST_MANIFEST, headers)
        if answer.status == 304:
            if known is None:
                raise Refused("malformed", f"{self} answers 304 though nothing was known")
            return self._mark(answer, known.digest)
        whole = digest(answer.body)
        mark = self._mark(answer, whole)
        self._etag = whole, answer.headers.get("etag", "")
        if self._trust is not None:
            self._trust.check(self._read_signature, answer.body)
        self._manifest = answer.body, document_path(self._tenant, "manifest", whole)
        self._sizes = _sizes(self._tenant, answer.body)
        return mark

    def read(self, path: str) -> bytes:
        """Return a document, of no more bytes than its manifest says."""
        if path == self._manifest[1]:
            return self._manifest[0]
        if path not in self._sizes:
            raise FileNotFoundError(errno.ENOENT, "the manifest names no such document")
        try:
            return self._get(f"/v1/set/{self.environment()}/{path}", self._sizes[path]).body
        except Unavailable as error:
            if error.reason != "not_found":
                raise
            # The node went on to the next snapshot but one, or another node answered.
            raise FileNotFoundError(errno.ENOENT, f"{self} has it no more") from error

    def signature(self, mark: Mark) -> bytes | None:
        """Return the signatures that the manifest was found good with."""
        found = self._signed
        return found[1] if found is not None and mark.digest.startswith(found[0]) else None

    def follow(self, wake: Callable[[], None]) -> None:
        """Listen to the node's events."""
        if self._events is not None:
            self._events.follow(wake)

    def interrupt(self) -> None:
        """Stop listening, and end what waits for the node."""
        if self._events is not None:
            self._events.stop()
        self._http.interrupt()

    def close(self) -> None:
        """Close the connection that is kept; the events' own is closed by who listens."""
        self._http.close()

    def again(self) -> EdgeSource:
        """Return the same source for a forked process, on connections of its own."""
        return EdgeSource(
            self._http.again(),
            self._environment,
            self._tenant,
            trust=self._trust,
            poll_seconds=self.poll_seconds,
            events=self._wants_events,
        )

    def _mark(self, answer: Answer, whole: str) -> Mark:
        order = _ORDER.fullmatch(answer.headers.get("burgee-order", ""))
        if order is None:
            raise Refused("malformed", f"{self} is no edge node: its answer has no Burgee-Order")
        version = check_version(answer.headers.get("burgee-version", ""))
        return Mark(int(order[1]), int(order[2]), version, whole)

    def _etag_of(self, whole: str) -> str:
        return self._etag[1] if self._etag[0] == whole and self._etag[1] else f'"{whole}"'

    def _read_signature(self, name: str) -> bytes:
        path = f"/v1/set/{self.environment()}/{self._tenant}/{name}"
        try:
            data = self._get(path, _MOST_SIGNATURES).body
        except Unavailable as error:
            if error.reason != "not_found":
                raise
            raise FileNotFoundError(errno.ENOENT, "the node has none") from error
        self._signed = name.removeprefix("manifest-").removesuffix(".sig"), data
        return data

    def _get(self, path: str, most: int, headers: dict[str, str] | None = None) -> Answer:
        answer = self._http.get(path, most, headers)
        if answer.status == 200 or (answer.status == 304 and headers):
            return answer
        raise self._refusal(path, answer)

    def _refusal(self, path: str, answer: Answer) -> Unavailable:
        told = f"{self} answers {answer.status} to {path}"
        wait = retry_after(answer.headers)
        match answer.status:
            case 401:
                return Unavailable("unauthenticated", f"{told}: the token is not taken", wait)
            case 403:
                why = f"the token lacks the scope flags:r, or is not for tenant {self._tenant}"
                return Unavailable("forbidden", f"{told}: {why}", wait)
            case 404:
                why = f"it serves another environment, or no tenant {self._tenant}"
                return Unavailable("not_found", f"{told}: {why}", wait)
            case status if 300 <= status < 400:
                return Unavailable("redirect", f"{told}, and a redirect is not followed", wait)
            case _:
                return Unavailable("unreachable", told, wait)


def _sizes(tenant: str, data: bytes) -> dict[str, int]:
    """Return how long each document of a manifest may be."""
    try:
        manifest = msgspec.json.decode(data, type=TenantManifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}  # `load_tenant` says what is wrong with it
    kinds: list[tuple[str, DocumentRef]] = [
        *(("flags", ref) for ref in manifest.flags),
        ("segments", manifest.segments),
        *(("members", ref) for ref in manifest.members),
    ]
    return {
        document_path(tenant, kind, ref.digest): min(ref.bytes, _MOST_DOCUMENT)
        for kind, ref in kinds
    }
