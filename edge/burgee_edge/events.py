"""`GET /v1/events` for readers of snapshots, and the event streams of OFREP."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from math import inf
from typing import Final

from msgspec import Struct

from burgee.instants import MICROSECONDS, parse_instant
from burgee_edge.events_history import event_id
from burgee_edge.events_hub import Hub
from burgee_edge.holder import Holder
from burgee_edge.node import Node
from burgee_edge.served import Served
from burgee_http.call import Call
from burgee_http.errors import ApiError, from_status
from burgee_http.event_stream import EventStream, event
from burgee_http.json_text import encode_json

__all__ = ["ChangeEvent", "RefetchEvent", "changes", "refetch"]

_SCOPE: Final = "flags:r"


class ChangeEvent(Struct, frozen=True):
    """A version and the keys that it changed for the tenant; null: fetch all."""

    version: str
    keys: tuple[str, ...] | None


class RefetchEvent(Struct, frozen=True, kw_only=True):
    """OFREP's word for: ask again."""

    type: str = "refetchEvaluation"
    etag: str
    lastModified: int  # noqa: N815  the protocol's spelling


def changes(node: Node, hub: Hub, call: Call) -> AbstractContextManager[EventStream]:
    """`GET /v1/events`: each new version that changes the tenant, with the keys it changed."""
    access = node.gate.admit(call.headers, _SCOPE)
    call.tenant = tenant = access.tenant
    served = node.serving()
    hub.require_room("changes")
    headers, gate = call.headers, node.gate
    caller = _Caller(lambda: gate.goes_on(headers, tenant, _SCOPE), gate.until(headers))
    held = call.headers.get(b"last-event-id", b"").strip().decode("latin-1")
    number = served.history.known(held)
    return hub.holding("changes", tenant, _Changes(node.holder, tenant, number, hub, caller))


def refetch(node: Node, hub: Hub, call: Call) -> AbstractContextManager[EventStream]:
    """`GET /ofrep/v1/events`: that the answers to the tenant's pages or servers changed."""
    if hub.offers is None:
        raise from_status(404)
    found = hub.offers.let_in(call.query())
    if found is None:
        raise ApiError(403, "events_forbidden", "This address of events is not, or no more, good.")
    tenant, browser = found
    call.tenant = tenant
    node.serving()
    hub.require_room("refetch")
    return hub.holding("refetch", tenant, _Refetch(node.holder, tenant, browser, hub))


class _Caller(Struct, frozen=True):
    """Who listens by a token, and until when."""

    goes_on: Callable[[], bool]
    until: float


class _Stream(EventStream, ABC):
    def __init__(self, holder: Holder, tenant: str, hub: Hub, caller: _Caller | None) -> None:
        super().__init__()
        self._holder = holder
        self._tenant = tenant
        self._hub = hub
        self._caller = caller

    def pause(self) -> float:
        until = inf if self._caller is None else self._caller.until
        return max(0.0, min(self._hub.keep_alive, until - time.time()))

    def may_go_on(self) -> bool:
        if self._caller is None:
            return True
        return time.time() < self._caller.until and self._caller.goes_on()

    def news(self) -> bytes:
        served = self._holder.current
        return b"" if served is None else self._news(served)

    @abstractmethod
    def _news(self, served: Served) -> bytes: ...


class _Changes(_Stream):
    """`number` is that of the version that the client holds, None where it holds none."""

    def __init__(
        self, holder: Holder, tenant: str, number: int | None, hub: Hub, caller: _Caller
    ) -> None:
        super().__init__(holder, tenant, hub, caller)
        self._number = number

    def _news(self, served: Served) -> bytes:
        number, self._number = self._number, served.history.number
        if number == self._number:
            return b""
        change = served.history.since(self._tenant, number, served.view(self._tenant).flags)
        if change is None:
            return b""
        told = ChangeEvent(served.snapshot.version, change.keys)
        return event(event_id(served.snapshot), encode_json(told))


class _Refetch(_Stream):
    """Tells only of what its callers can see, where that is at hand without preparing anything."""

    def __init__(self, holder: Holder, tenant: str, browser: bool, hub: Hub) -> None:
        super().__init__(holder, tenant, hub, None)
        self._browser = browser
        self._etag: str | None = None
        self._shown: bytes | None = None

    def _news(self, served: Served) -> bytes:
        view = served.view(self._tenant)
        if view.config_etag == self._etag:
            return b""
        known = self._browser in view.selected()
        shown = view.selection(browser=self._browser).digest if known else None
        same = self._etag is not None and shown is not None and shown == self._shown
        self._etag, self._shown = view.config_etag, shown
        if same:
            return b""
        told = RefetchEvent(etag=view.config_etag, lastModified=_modified(served))
        return event(event_id(served.snapshot), encode_json(told))


def _modified(served: Served) -> int:
    committed = served.snapshot.manifest.committed_at
    micros = None if committed is None else parse_instant(committed)
    return int(served.since) if micros is None else micros // MICROSECONDS
