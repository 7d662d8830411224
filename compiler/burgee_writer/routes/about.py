"""`/healthz`, `/readyz`, `/metrics` and what a writer counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from burgee_http.call import Call, Reply
from burgee_http.errors import ApiError
from burgee_http.metrics import Metrics
from burgee_writer.service import Service

__all__ = ["Stopping", "add_write_metrics", "health", "ready", "show_metrics"]

_TEXT: Final = (b"content-type", b"text/plain; charset=utf-8")
_NO_STORE: Final = (b"cache-control", b"no-store")


class Stopping:
    """Whether the end has begun, so that no new work should come here."""

    def __init__(self) -> None:
        self.begun = False

    def begin(self) -> None:
        """Say that it has."""
        self.begun = True


def health(call: Call) -> Reply:
    """The process runs and answers."""
    return Reply(200, b"ok", (_TEXT, _NO_STORE))


def ready(service: Service, stopping: Stopping, call: Call) -> Reply:
    """The branch can be read, and the end has not begun."""
    if stopping.begun:
        raise ApiError(503, "stopping", "This writer is about to stop.")
    _ = service.tip
    return Reply(200, b"ready", (_TEXT, _NO_STORE))


def show_metrics(render: Callable[[], bytes], call: Call) -> Reply:
    """All metrics in Prometheus' text form."""
    return Reply(200, render(), ((b"content-type", Metrics.content_type), _NO_STORE))


def add_write_metrics(metrics: Metrics, service: Service) -> None:
    """Add what stands in no request; none of it names a tenant or a flag."""
    figures = service.writer.figures
    for name, help, read in (
        ("writes", "Commits made for calls.", lambda: figures.writes),
        (
            "write_conflicts",
            "Tries lost to others, which were made again.",
            lambda: figures.conflicts,
        ),
        (
            "push_failures",
            "Writes that could not be published: refused, unknown or nothing reached.",
            lambda: figures.failures,
        ),
        ("writes_given_up", "Writes whose every try was lost.", lambda: figures.refused),
        ("checks", "Checks of the whole tree.", lambda: figures.checks),
        ("check_seconds", "Seconds spent on those.", lambda: figures.check_seconds),
    ):
        metrics.computed(f"burgee_writer_{name}_total", help, read, kind="counter")
    metrics.computed(
        "burgee_writer_queue", "Writes that wait or are being made.", lambda: figures.queue
    )
    metrics.computed(
        "burgee_writer_unreachable",
        "1 where the repository could not be asked when that was last tried.",
        lambda: figures.unreachable,
    )
    metrics.computed(
        "burgee_writer_findings",
        "Findings at the tip, of level error, as it was last read.",
        lambda: sum(each.severity == "error" for each in service.writer.current.last.found),
    )
