"""What the log of this process says, while it is caught."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from burgee_http.logs import configure_logs

__all__ = ["log_stream"]


@contextmanager
def log_stream() -> Iterator[io.StringIO]:
    """Yield what the log is written to; what was set up before is set up again."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs(stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
