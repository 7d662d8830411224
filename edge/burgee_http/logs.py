"""Logs as JSON lines, and the access log: one line a request, or a sample of them."""

import contextlib
import logging
import sys
from typing import Any, TextIO, cast

import msgspec
import structlog

from burgee_http.json_text import encode_json

__all__ = ["AccessLog", "configure_logs"]

_FIRST = ("timestamp", "level", "message")
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


def configure_logs(stream: TextIO | None = None, level: str = "info") -> None:
    """Sends structlog's and the standard library's records to `stream` (stderr) as JSON lines."""
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
    ]
    target = cast(TextIO, _Unfailing(sys.stderr if stream is None else stream))
    structlog.configure(
        processors=[*shared, _line],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _line],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(least, logging.WARNING))  # libraries only speak up when something is wrong


class _Unfailing:
    """A stream whose failures (a full disk, a reader that is gone) fail nobody's request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _line(_logger: Any, _method: str, event: Any) -> str:
    ordered = {key: event.pop(key) for key in _FIRST if key in event} | event
    try:
        return encode_json(ordered).decode()
    except (TypeError, ValueError, msgspec.MsgspecError):
        return encode_json({key: str(value) for key, value in ordered.items()}).decode()


class AccessLog:
    """Logs every request, or the share `sample` of them; answers of 500 and up always. Probes that
    are well are told of at level debug alone.
    """

    def __init__(self, sample: float = 1.0) -> None:
        self._sample = sample
        self._due = 0.0
        self._log = structlog.get_logger("burgee.access")

    def record(
        self,
        path: str,
        method: str,
        status: int,
        tenant: str,
        request_id: str,
        subject: str = "",
        seconds: float | None = None,
    ) -> None:
        """`path` is the template of the route: ids of users and flags are never logged. `subject`
        is who called, where a server that writes has told. `seconds` is what it took, which the
        hot path does not tell.
        """
        is_probe = seconds is not None and path in _PROBES
        if status < 500 and not is_probe:
            self._due += self._sample
            if self._due < 1.0:
                return
            self._due -= 1.0
        write = self._log.debug if is_probe else self._log.info
        if status >= 500:
            write = self._log.error
        write(
            "request",
            path=path,
            method=method,
            status=status,
            tenant=tenant,
            request_id=request_id,
            **({"subject": subject} if subject else {}),
            **({} if seconds is None else {"duration_ms": round(seconds * 1000, 3)}),
        )
