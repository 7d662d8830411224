"""The node's routes, put together."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from starlette.routing import Route

from burgee_edge import evaluate, events, ofrep, preview, sets, status, users
from burgee_edge.events_offer import EVENTS_PATH
from burgee_edge.freshness import Freshness
from burgee_edge.node import Node
from burgee_edge.openapi import openapi
from burgee_http.application import Application
from burgee_http.cors import Cors
from burgee_http.docs_page import docs_routes
from burgee_http.endpoint import Handler, route
from burgee_http.event_stream import stream_route
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, Metrics

__all__ = ["Surroundings", "make_app"]

_POST = ("POST",)


class Surroundings(Struct, frozen=True, kw_only=True):
    """What an application needs beside the node."""

    metrics: Metrics
    render: Callable[[], bytes]
    access_log: AccessLog
    cors: Cors = Cors()
    check: Callable[[Mapping[bytes, bytes]], None] | None = None
    freshness: Freshness
    lifespan: Callable[[Any], Any] | None = None


def make_app(node: Node, around: Surroundings) -> Application:
    """Return the application that callers reach."""
    return Application(
        [*_evaluation(node), *_sets(node, around.freshness), *_events(node), *_about(node, around)],
        metrics=HttpMetrics(around.metrics),
        access_log=around.access_log,
        cors=around.cors,
        check=around.check,
        lifespan=around.lifespan,
    )


def _evaluation(node: Node) -> Sequence[Route]:
    return [
        _direct("/ofrep/v1/evaluate/flags", partial(ofrep.bulk, node)),
        _direct("/ofrep/v1/evaluate/flags/{key:path}", partial(ofrep.single, node)),
        _direct("/v1/evaluate", partial(evaluate.evaluate, node)),
        _route("/v1/evaluate/all", partial(evaluate.evaluate_all, node), _POST),
        _route("/v1/evaluate/preview", partial(preview.preview, node), _POST),
        _route("/v1/users/{id:path}/flags", partial(users.user_flags, node)),
        _route("/v1/users/{id:path}/flags/{key}", partial(users.user_flag, node)),
    ]


def _sets(node: Node, freshness: Freshness) -> Sequence[Route]:
    root = "/v1/set/{environment}"
    return [
        _route(f"{root}/manifest.json", partial(sets.environment_manifest, node)),
        _route(f"{root}/heartbeat.json", partial(sets.heartbeat, node, freshness)),
        _route(f"{root}/{{name}}", partial(sets.environment_signatures, node)),
        _route(f"{root}/{{tenant}}/manifest.json", partial(sets.tenant_manifest, node)),
        _route(f"{root}/{{tenant}}/{{name}}", partial(sets.document, node)),
    ]


def _events(node: Node) -> Sequence[Route]:
    if node.hub is None:
        return []
    return [
        stream_route("/v1/events", partial(events.changes, node, node.hub)),
        stream_route(EVENTS_PATH, partial(events.refetch, node, node.hub)),
    ]


def _about(node: Node, around: Surroundings) -> Sequence[Route]:
    return [
        _route("/healthz", status.health),
        _route("/readyz", partial(status.ready, node, around.freshness)),
        route("/metrics", partial(status.show_metrics, around.render), blocking=True),
        _route("/v1/status", partial(status.status, node, around.freshness)),
        *docs_routes(openapi),
    ]


def _route(path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
    return _named(route(path, handler, methods))


def _direct(path: str, handler: Handler) -> Route:
    """What is asked most, and answered without waiting for anything."""
    return _named(route(path, handler, _POST, direct=True))


def _named(found: Route) -> Route:
    """A route that logs and metrics name as the docs do, without the kind of a parameter."""
    found.path = found.path.replace(":path}", "}")
    return found
