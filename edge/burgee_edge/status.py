"""`/healthz`, `/readyz`, `/v1/status` and the metrics of what this node serves."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from burgee.instants import MICROSECONDS, format_instant, parse_instant
from burgee_edge.events_hub import KINDS, Hub, stopping
from burgee_edge.exposures.recorder import Exposures
from burgee_edge.freshness import Freshness
from burgee_edge.holder import Holder, Refusal
from burgee_edge.node import Node
from burgee_edge.served import Served
from burgee_edge.sources.wake import Channel, Waker
from burgee_http.authentication import Authenticator
from burgee_http.call import JSON, Call, Reply
from burgee_http.errors import ApiError
from burgee_http.json_text import encode_json
from burgee_http.metrics import Metrics
from burgee_http.principal import Principal

__all__ = [
    "add_credential_metrics",
    "add_event_metrics",
    "add_exposure_metrics",
    "add_snapshot_metrics",
    "add_wake_metrics",
    "health",
    "ready",
    "show_metrics",
    "status",
]

_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_NO_STORE = (b"cache-control", b"no-store")
_HEADERS = (_TEXT, _NO_STORE)


def health(call: Call) -> Reply:
    """The process runs and answers."""
    return Reply(200, b"ok", _HEADERS)


def ready(node: Node, freshness: Freshness, call: Call) -> Reply:
    """There is a snapshot to serve; an old one alerts, and unreadies only where that was asked."""
    if node.hub is not None and node.hub.stopping:
        raise stopping()
    node.serving()
    if freshness.stale:
        age = f"{freshness.seconds():.0f} s, more than --max-staleness {freshness.most_seconds:g}"
        raise ApiError(503, "stale", f"What is served was last known to be the newest for {age}.")
    return Reply(200, b"ready", _HEADERS)


def show_metrics(render: Callable[[], bytes], call: Call) -> Reply:
    """All metrics in Prometheus' text form."""
    return Reply(200, render(), ((b"content-type", Metrics.content_type), _NO_STORE))


def status(node: Node, freshness: Freshness, call: Call) -> Reply:
    """What this node serves and how its source does; of tenants only the caller's own."""
    principal = node.gate.caller(call.headers)
    node.gate.require(principal, "evaluate")
    holder = node.holder
    refusal = holder.last_refusal
    body: dict[str, Any] = {
        "environment": node.environment,
        "ready": holder.current is not None,
        "snapshot": None if holder.current is None else _snapshot(holder.current, principal),
        "source": {
            "checked_at": _instant(freshness.checked_at),
            "confirmed_at": _instant(freshness.confirmed_at),
            "heartbeat_at": _instant(freshness.heartbeat_at),
            "stale_seconds": round(freshness.seconds(), 3),
            "last_refusal": None
            if refusal is None
            else {"reason": refusal[0], "at": _instant(refusal[1])},
            "refused": None if holder.refused is None else _refused(holder.refused, principal),
        },
        "reloads": holder.reloads,
        "refusals": {reason: count for reason, count in holder.refusals.items() if count},
    }
    return Reply(200, encode_json(body), (JSON, _NO_STORE))


def _refused(refusal: Refusal, principal: Principal) -> dict[str, Any]:
    shown = {"reason": refusal.reason, "since": _instant(refusal.since)}
    if "flags:r" in principal.scopes and principal.grants("*"):
        shown["detail"] = refusal.detail  # it names tenants, and folders of this machine
    return shown


def _snapshot(served: Served, principal: Principal) -> dict[str, Any]:
    manifest = served.snapshot.manifest
    shown: dict[str, Any] = {
        "version": manifest.version,
        "epoch": manifest.epoch,
        "sequence": manifest.sequence,
        "commit": manifest.commit,
        "committed_at": manifest.committed_at,
        "serving_since": _instant(served.since),
    }
    if "flags:r" in principal.scopes:
        shown["tenants"] = {
            tenant: {"flags": len(view.flags), "held": served.snapshot.manifests[tenant].held}
            for tenant, view in sorted(served.views.items())
            if principal.grants(tenant)
        }
    return shown


def _instant(seconds: float | None) -> str | None:
    return None if seconds is None else format_instant(round(seconds * MICROSECONDS))


def add_snapshot_metrics(
    metrics: Metrics,
    holder: Holder,
    freshness: Freshness,
    clock: Callable[[], float] = time.time,
) -> None:
    """Add what stands in no request; none of it names a tenant or a flag."""

    def gauge(name: str, help: str, read: Callable[[Served], float]) -> None:
        def value() -> float:
            return float("nan") if holder.current is None else read(holder.current)

        metrics.computed(name, help, value)

    def version() -> dict[tuple[str, ...], float]:
        current = holder.current
        return {} if current is None else {(current.snapshot.version,): 1}

    metrics.computed("burgee_snapshot_info", "The snapshot served.", version, ("version",))
    gauge("burgee_snapshot_epoch", "Its epoch.", lambda served: served.snapshot.order[0])
    gauge("burgee_snapshot_sequence", "Its sequence.", lambda served: served.snapshot.order[1])
    gauge(
        "burgee_snapshot_age_seconds",
        "Since its commit; since it was taken where it has none.",
        lambda served: clock() - (_committed(served) or served.since),
    )
    gauge(
        "burgee_snapshot_lag_seconds",
        "From its commit until this node served it.",
        lambda served: served.since - (_committed(served) or served.since),
    )
    gauge("burgee_flags_held", "Flags kept at an earlier form.", lambda served: served.held)
    metrics.computed("burgee_ready", "1 once there is a snapshot.", lambda: bool(holder.current))
    metrics.computed(
        "burgee_source_checked_timestamp_seconds",
        "When the source was last looked at.",
        lambda: freshness.checked_at or float("nan"),
    )
    metrics.computed(
        "burgee_source_confirmed_timestamp_seconds",
        "When the source was last found to hold what is served.",
        lambda: freshness.confirmed_at or float("nan"),
    )
    metrics.computed(
        "burgee_publisher_heartbeat_timestamp_seconds",
        "When the publisher was last known to live, by its clock; none where it does not tell.",
        lambda: freshness.heartbeat_at or float("nan"),
    )
    metrics.computed(
        "burgee_stale_seconds",
        "Since what is served was last known to be the newest there is.",
        freshness.seconds,
    )
    metrics.computed(
        "burgee_source_refused",
        "1 while the source holds what is refused, by the reason.",
        lambda: {} if holder.refused is None else {(holder.refused.reason,): 1},
        ("reason",),
    )
    metrics.computed(
        "burgee_reloads_total", "Snapshots taken.", lambda: holder.reloads, kind="counter"
    )
    metrics.computed(
        "burgee_refusals_total",
        "Snapshots refused.",
        lambda: {(reason,): count for reason, count in holder.refusals.items()},
        ("reason",),
        kind="counter",
    )


def add_credential_metrics(metrics: Metrics, authenticator: Authenticator) -> None:
    """Add whether a change of clients or keys, such as a revocation, has not come into force."""
    metrics.computed(
        "burgee_credentials_refused",
        "1 while the file of clients, or the keys, cannot be used, and earlier ones are in force.",
        lambda: {(name,): value for name, value in authenticator.refused().items()},
        ("of",),
    )


def add_event_metrics(metrics: Metrics, hub: Hub) -> None:
    """Add how many streams are held, and how many were not."""

    def each(counts: Mapping[str, int]) -> dict[tuple[str, ...], float]:
        return {(kind,): counts[kind] for kind in KINDS}

    metrics.computed("burgee_event_streams", "Streams open now.", lambda: each(hub.open), ("kind",))
    metrics.computed(
        "burgee_event_streams_refused_total",
        "Streams that there was no room for.",
        lambda: each(hub.refused),
        ("kind",),
        kind="counter",
    )


def add_exposure_metrics(metrics: Metrics, exposures: Exposures) -> None:
    """Add how many exposures there were, and how many never got to the sink."""
    for name, help, read in (
        ("given", "Exposures of users in the sample.", lambda: exposures.given),
        ("dropped", "Exposures there was no room for.", lambda: exposures.dropped),
        ("lost", "Exposures that the sink did not take.", lambda: exposures.lost),
    ):
        metrics.computed(f"burgee_exposures_{name}_total", help, read, kind="counter")


def add_wake_metrics(metrics: Metrics, waker: Waker) -> None:
    """Add who calls this node, by kind."""

    def each(read: Callable[[Channel], float]) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for channel in waker.channels:
            kind = (channel.url.kind,)
            found[kind] = found.get(kind, 0.0) + read(channel)
        return found

    metrics.computed(
        "burgee_wake_connected",
        "Who calls this node and can be heard now.",
        lambda: each(lambda channel: channel.connected),
        ("kind",),
    )
    metrics.computed(
        "burgee_wakes_total",
        "Calls heard.",
        lambda: each(lambda channel: channel.calls),
        ("kind",),
        kind="counter",
    )


def _committed(served: Served) -> float | None:
    text = served.snapshot.manifest.committed_at
    micros = None if text is None else parse_instant(text)
    return None if micros is None else micros / MICROSECONDS
