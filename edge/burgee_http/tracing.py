"""Server spans, where OpenTelemetry has a tracer provider: under `opentelemetry-instrument`, say.

Nothing of it is imported here unless somebody else has: a server that nobody traces is as it was.
Names are those of OpenTelemetry's semantic conventions for HTTP servers and feature flags.
"""

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from burgee_http.call import Call

__all__ = ["Spans", "spans"]

_FAILED: Final = 500


def spans() -> "Spans | None":
    """Return what makes spans, None where no tracer provider is configured."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        return None
    return Spans(trace, provider.get_tracer("burgee"))


class Spans:
    """One span a request, the child of the caller's where it sent a `traceparent`."""

    def __init__(self, trace: Any, tracer: Any) -> None:
        from opentelemetry.propagate import extract  # noqa: PLC0415  it is there, and nobody else's

        self._trace = trace
        self._tracer = tracer
        self._extract = extract

    def request(self, call: Call) -> AbstractContextManager[Any]:
        """Return a context in which the request's span is the current one; it ends with it."""
        headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in _of(call)}
        return self._tracer.start_as_current_span(  # type: ignore[no-any-return]
            call.method,
            context=self._extract(headers),
            kind=self._trace.SpanKind.SERVER,
            attributes={"http.request.method": call.method, "url.scheme": "http"},
            record_exception=False,
            set_status_on_exception=False,
        )

    def answered(self, span: Any, call: Call, template: str, status: int) -> None:
        """Say what came of a request; its path stands in for none, since ids are in it."""
        span.update_name(f"{call.method} {template}")
        span.set_attribute("http.route", template)
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("burgee.request_id", call.request_id)
        if call.tenant:
            span.set_attribute("burgee.tenant", call.tenant)
        if status >= _FAILED or not status:
            span.set_attribute("error.type", str(status or "aborted"))
            span.set_status(self._trace.StatusCode.ERROR)

    def decided(self, attributes: Mapping[str, str]) -> None:
        """Say which flag was evaluated in the present request, and to what; never for whom."""
        self._trace.get_current_span().add_event("feature_flag.evaluation", dict(attributes))


def _of(call: Call) -> list[tuple[bytes, bytes]]:
    return [(name, call.headers[name]) for name in _CARRIED if name in call.headers]


_CARRIED: Final = (b"traceparent", b"tracestate", b"baggage")
