"""The admin listener: the figures that name tenants, flags and variants."""

from collections.abc import Callable
from functools import partial

from burgee_edge.figures import Figures
from burgee_edge.status import health, show_metrics
from burgee_http.application import Application
from burgee_http.cors import Cors
from burgee_http.endpoint import route
from burgee_http.insecure import check_local, is_loopback
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, Metrics

__all__ = ["figure_metrics", "make_admin"]


def figure_metrics(figures: Figures) -> Metrics:
    """Return the figures as metrics, apart from those that everybody may see."""
    shown = Metrics(process=False)
    shown.computed(
        "burgee_evaluations_total",
        "Flags served, by variant; no variant is the caller's default.",
        figures.read,
        ("tenant", "flag", "variant"),
        kind="counter",
    )
    shown.computed(
        "burgee_flag_last_evaluated_timestamp_seconds",
        "When a flag was last served, to the minute.",
        figures.last,
        ("tenant", "flag"),
    )
    shown.computed(
        "burgee_evaluations_since_timestamp_seconds",
        "When this node began to count.",
        lambda: figures.since,
    )
    return shown


def make_admin(host: str, render: Callable[[], bytes]) -> Application:
    """Return the application for the admin listener; it asks for no token, so its network must
    be trusted. On loopback it is for callers on this machine only, not for pages they visit.
    """
    return Application(
        [
            route("/healthz", health),
            route("/metrics", partial(show_metrics, render), blocking=True),
        ],
        metrics=HttpMetrics(Metrics(process=False)),
        access_log=AccessLog(0.0),
        cors=Cors((), local_only=True),
        check=check_local if is_loopback(host) else None,
    )
