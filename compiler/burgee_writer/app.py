"""The writer's routes, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pygit2
from msgspec import Struct
from starlette.routing import Route

from burgee_http.application import Application
from burgee_http.call import Call, Handler, Reply
from burgee_http.cors import Cors
from burgee_http.docs_page import docs_routes
from burgee_http.endpoint import route
from burgee_http.event_stream import stream_route
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, Metrics
from burgee_writer.changes.definitions import Folder
from burgee_writer.git.branch import BranchMissing, Unreachable
from burgee_writer.openapi import openapi
from burgee_writer.routes import about, experiments, flags, writes
from burgee_writer.routes.events import Events
from burgee_writer.routes.operations import OPERATIONS
from burgee_writer.routes.stats import Stats
from burgee_writer.routes.statuses import as_api_error
from burgee_writer.service import Service
from burgee_writer.writing.refusals import WriteRefused

__all__ = ["Surroundings", "make_app", "named"]

ListHandler = Callable[[Service, Call], Reply]


class Surroundings(Struct, frozen=True, kw_only=True):
    """What an application needs beside the service."""

    metrics: Metrics
    access_log: AccessLog
    events: Events
    stopping: about.Stopping
    more: Sequence[Route] = ()
    """Routes of other rooms: tokens, the audit, webhooks."""
    cors: Cors = Cors(())
    check: Callable[[Any], None] | None = None
    lifespan: Callable[[Any], Any] | None = None


def make_app(service: Service, around: Surroundings) -> Application:
    """Return the application that callers reach."""
    about.add_write_metrics(around.metrics, service)
    return Application(
        [
            *_writes(service),
            *_reads(service),
            *_about(service, around),
            *around.more,
            *docs_routes(openapi),
        ],
        metrics=HttpMetrics(around.metrics),
        access_log=around.access_log,
        cors=around.cors,
        check=around.check,
        lifespan=around.lifespan,
    )


def _writes(service: Service) -> list[Route]:
    made = [
        named(each.path, partial(writes.write, service, each), (each.method,))
        for each in OPERATIONS
    ]
    return [
        *made,
        named("/v1/changes", partial(writes.change_several, service), ("POST",)),
        named("/v1/undo", partial(writes.undo_commit, service), ("POST",)),
    ]


def _reads(service: Service) -> list[Route]:
    found: list[Route] = []
    lists: dict[Folder, ListHandler] = {"flags": flags.list_flags, "segments": flags.list_segments}
    for folder, listed in lists.items():
        one = f"/v1/{folder}/{{key}}"
        found += [
            named(f"/v1/{folder}", partial(listed, service)),
            named(one, partial(flags.get_one, service, folder)),
            named(f"{one}/document", partial(flags.get_document, service, folder)),
        ]
    rule = "/v1/flags/{key}/experiments/{rule}"
    return [
        *found,
        named("/v1/experiments", partial(experiments.list_experiments, service)),
        named(rule, partial(experiments.get_experiment, service)),
        named("/v1/stats", Stats(service)),
    ]


def _about(service: Service, around: Surroundings) -> list[Route]:
    return [
        stream_route("/v1/events", around.events.opened),
        route("/healthz", about.health),
        named("/readyz", partial(about.ready, service, around.stopping)),
        named("/metrics", partial(about.show_metrics, around.metrics.render)),
    ]


def _answering(handler: Handler) -> Handler:
    """Return a handler that tells of a repository that is gone, which may come back."""

    def answer(call: Call) -> Reply:
        try:
            return handler(call)
        except (BranchMissing, Unreachable) as error:
            raise as_api_error(WriteRefused("unreachable", str(error))) from error
        except pygit2.GitError as error:  # it went away in the middle of a call
            gone = f"the repository cannot be read: {error}"
            raise as_api_error(WriteRefused("unreachable", gone)) from error

    return answer


def named(path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
    """Return a route whose handler may wait for git; logs name it as the docs do."""
    made = route(path, _answering(handler), methods, blocking=True)
    made.path = made.path.replace(":path}", "}")
    return made
