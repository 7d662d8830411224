"""The admin listener: the figures that name tenants, flags and variants."""

from functools import partial

from burgee_edge.figures import Figures
from burgee_edge.status import health, show_metrics
from burgee_http.application import Application
from burgee_http.cors import Cors
from burgee_http.endpoint import route
from burgee_http.insecure import check_local, is_loopback
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, Metrics

__all__ = ["make_admin"]


def make_admin(host: str, figures: Figures) -> Application:
    """Return the application for the admin listener; it asks for no token, so its network must
    be trusted. On loopback it is for callers on this machine only, not for pages they visit.
    """
    shown = Metrics(process=False)
    shown.computed(
        "burgee_evaluations_total",
        "Flags served, by variant; no variant is the caller's default.",
        figures.read,
        ("tenant", "flag", "variant"),
        kind="counter",
    )
    return Application(
        [route("/healthz", health), route("/metrics", partial(show_metrics, shown))],
        metrics=HttpMetrics(Metrics(process=False)),
        access_log=AccessLog(0.0),
        cors=Cors((), local_only=True),
        check=check_local if is_loopback(host) else None,
    )
