"""What the handlers of one node share: the holder, the gate, the clock and the figures."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from burgee.evaluation import Result
from burgee_edge.events_hub import Hub
from burgee_edge.exposures.recorder import Exposures
from burgee_edge.figures import Figures
from burgee_edge.holder import Holder
from burgee_edge.served import Served
from burgee_edge.view import TenantView
from burgee_http.call import Call, Reply
from burgee_http.errors import ApiError
from burgee_http.fields import Fields
from burgee_http.tenancy import Gate

__all__ = ["Node", "Visit", "now_micros"]


def now_micros() -> int:
    """Return the time in microseconds since 1970."""
    return time.time_ns() // 1000


class Visit(msgspec.Struct, frozen=True, gc=False):
    """One admitted request: its tenant in the one snapshot that answers it, at one time."""

    served: Served
    view: TenantView
    now: int
    browser: bool

    def reply(self, body: bytes) -> Reply:
        """Return an answer that depends on who asked."""
        return Reply(200, body, self.served.fields)

    def tagged(self, etag: bytes) -> Fields:
        """Return the fields of an answer that has an ETag."""
        return Fields(b"etag: " + etag + b"\r\n", self.served.fields)

    def error(self, status: int, code: str, message: str) -> ApiError:
        """Return an error that this snapshot gives rise to."""
        return ApiError(status, code, message, headers=(self.served.version_header,))


class Node(msgspec.Struct, frozen=True):
    """A node of one environment."""

    environment: str
    holder: Holder
    gate: Gate
    figures: Figures
    clock: Callable[[], int] = now_micros
    hub: Hub | None = None
    exposures: Exposures | None = None
    decided: Callable[[Mapping[str, str]], None] | None = None

    def visit(self, call: Call, scope: str = "evaluate", *, implied: bool = False) -> Visit:
        """Admit a request; 503 before the first snapshot."""
        access = self.gate.admit_call(call, scope, implied)
        tenant = call.tenant = access.tenant
        served = self.holder.current or self.serving()
        view = served.views.get(tenant) or served.view(tenant)
        return Visit(served, view, self.clock(), access.principal.browser)

    def trace(self, visit: Visit, result: Result) -> None:
        """Say in the request's span what was decided."""
        if self.decided is not None:
            answer = result.answer
            self.decided(
                {
                    "feature_flag.key": answer.flag_key,
                    "feature_flag.provider.name": "burgee",
                    "feature_flag.result.variant": answer.variant or "",
                    "feature_flag.result.reason": answer.openfeature_reason.lower(),
                    "feature_flag.version": visit.served.snapshot.version,
                }
            )

    def exposed(self, visit: Visit, result: Result, context: Mapping[str, Any]) -> None:
        """Take note of an answer about one flag, where exposures are wanted."""
        if self.exposures is not None:
            version = visit.served.snapshot.version
            self.exposures.note(visit.view.tenant, result, context, version, visit.now)

    def streams_offered(self, visit: Visit) -> bytes:
        """Return the JSON of OFREP's `eventStreams` for a caller, nothing where none is offered."""
        return b"" if self.hub is None else self.hub.offer(visit.view.tenant, visit.browser)

    def serving(self) -> Served:
        """Return the snapshot in force; 503 before the first."""
        served = self.holder.current
        if served is None:
            raise ApiError(
                503,
                "no_snapshot",
                "This node has no flags yet; its source has given it none.",
                headers=((b"retry-after", b"1"),),
            )
        return served
