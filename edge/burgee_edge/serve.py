"""Running a node: from settings to listening sockets."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from structlog.contextvars import bind_contextvars

from burgee.signatures import Trust
from burgee_edge.admin import figure_metrics, make_admin
from burgee_edge.app import Surroundings, make_app
from burgee_edge.cache import CacheCounts, ResponseCache
from burgee_edge.events_hub import Hub
from burgee_edge.events_offer import Offers
from burgee_edge.exposures.opening import open_sink
from burgee_edge.exposures.recorder import Exposures
from burgee_edge.figures import Figures
from burgee_edge.fleet import Fleet, Name
from burgee_edge.follower import Follower
from burgee_edge.holder import Holder
from burgee_edge.last_good import LastGood
from burgee_edge.member_files import MemberFiles
from burgee_edge.node import Node
from burgee_edge.options import Options, read_options
from burgee_edge.sources.opening import open_source
from burgee_edge.sources.source import Source
from burgee_edge.sources.wake import Waker
from burgee_edge.status import (
    add_credential_metrics,
    add_event_metrics,
    add_exposure_metrics,
    add_snapshot_metrics,
    add_wake_metrics,
)
from burgee_edge.workers import run_workers
from burgee_http.authentication import Authenticator
from burgee_http.clients import parse_clients
from burgee_http.cors import Cors
from burgee_http.credentials import follow_file, follow_keys
from burgee_http.insecure import check_local
from burgee_http.jwt_tokens import JwtVerifier
from burgee_http.logs import AccessLog, configure_logs
from burgee_http.metrics import Metrics
from burgee_http.serve import Listener, ServeError, address, bind, print_listening, serve_on
from burgee_http.serve import serve as serve_listeners
from burgee_http.settings import SettingsError
from burgee_http.tenancy import Gate
from burgee_http.tracing import spans

__all__ = ["serve"]

_USAGE = 2
_LOOK_SECONDS = 60.0


def serve(values: Mapping[str, Any]) -> int:
    """Serve until a signal ends it; returns the exit code. `values` are of `settings.TABLE`.

    Prints `listening on http://HOST:PORT` once it serves, and what is wrong with the settings
    (2) to standard error.
    """
    try:
        options = read_options(values)
        configure_logs(level=options.log_level)
        if options.workers > 1:
            return _serve_by_workers(options)
        with TemporaryDirectory(prefix="burgee-edge-") as scratch:
            listeners = build(options, Path(scratch))
            return serve_listeners(listeners, grace_seconds=options.grace_seconds)
    except SettingsError as error:
        problems = error.problems
    except (ServeError, OSError, ValueError) as error:
        problems = (str(error),)
    sys.stderr.write("".join(f"error: {problem}\n" for problem in problems))
    return _USAGE


def _serve_by_workers(options: Options) -> int:
    _hub(options)
    _authenticator(options)  # what is wrong with files is told once, not by every worker
    _last_good(options, Trust.read(options.trust))
    addresses = [(options.host, options.port)]
    addresses += [] if options.admin is None else [options.admin]
    sockets = [bind(host, port) for host, port in addresses]

    def work(index: int, folder: Path, ready: Callable[[], None]) -> int:
        bind_contextvars(worker=index)  # on every line of its log
        listeners = build(options, folder, Fleet(folder, index, options.workers))
        return serve_on(
            listeners, sockets, grace_seconds=options.grace_seconds, ready=lambda _: ready()
        )

    return run_workers(options.workers, work, lambda: print_listening([address(sockets[0])]))


def build(
    options: Options, scratch: Path | None = None, fleet: Fleet | None = None
) -> list[Listener]:
    """Put a node together, its first look at the source taken; OSError or ValueError where a
    file that the settings name cannot be used.

    `scratch` is a folder of the node's own, which its workers share; it need not outlive it.
    Without one, and without a state folder, member lists are kept in memory.
    """
    metrics, figures = Metrics(process=fleet is None), Figures()
    shown = figure_metrics(figures)
    authenticator = _authenticator(options)
    leads = fleet is None or fleet.leads
    follower, holder = _follower(options, metrics, figures, scratch, keeps=leads)
    if authenticator is not None:
        add_credential_metrics(metrics, authenticator)
    hub = _hub(options)
    holder.listeners.append(hub.swapped)
    add_event_metrics(metrics, hub)
    gate = Gate(
        authenticator, environment=options.environment, default_tenant=options.default_tenant
    )
    exposures = _exposures(options, metrics)
    follower.start()
    around = Surroundings(
        metrics=metrics,
        render=_renderer("node", metrics, fleet),
        access_log=AccessLog(options.access_log_sample),
        cors=Cors(options.cors_origins, headers=("last-event-id",), local_only=options.insecure),
        check=check_local if options.insecure else None,
        freshness=follower.freshness,
        lifespan=_background(
            follower,
            _waker(options, follower, metrics),
            authenticator,
            fleet,
            partial(_beside, figures, exposures),
        ),
    )
    tracing = spans()
    node = Node(
        options.environment,
        holder,
        gate,
        figures,
        hub=hub,
        exposures=exposures,
        decided=None if tracing is None else tracing.decided,
    )
    app = make_app(node, around)
    listeners = [
        Listener(
            app,
            options.host,
            options.port,
            options.limits,
            drain_seconds=options.drain_seconds,
            stopping=hub.stop,
        )
    ]
    render = _renderer("figures", shown, fleet)
    if options.admin is not None:
        host, port = options.admin
        listeners.append(Listener(make_admin(host, render), host, port, options.limits))
    return listeners


def _hub(options: Options) -> Hub:
    offers, path = None, options.events_secret_file
    if path is not None:
        try:
            secret = path.read_bytes().strip()
            offers = Offers(secret, options.environment, options.public_url)
        except OSError as error:
            reason = error.strerror or error
            raise ValueError(f"--events-secret-file {path}: {reason}") from error
        except ValueError as error:
            raise ValueError(f"--events-secret-file {path}: {error}") from error
    return Hub(options.event_streams, options.event_keep_alive_seconds, offers)


def _renderer(name: Name, metrics: Metrics, fleet: Fleet | None) -> Callable[[], bytes]:
    if fleet is None:
        return metrics.render
    fleet.add(name, metrics)
    return partial(fleet.render, name)


def _authenticator(options: Options) -> Authenticator | None:
    if options.insecure:
        return None
    clients = None
    if options.clients is not None:
        clients = follow_file("--clients", options.clients, parse_clients)
    keys = None if options.jwks is None else follow_keys("--jwks", options.jwks)
    secret = None
    if options.hs256_secret_file is not None:
        secret = options.hs256_secret_file.read_bytes().strip()
    jwt = None
    if keys is not None or secret is not None:
        jwt = JwtVerifier(
            audience=options.audience, issuer=options.issuer, keys=keys, shared_secret=secret
        )
    return Authenticator(clients=clients, jwt=jwt)


def _last_good(options: Options, trust: Trust | None) -> LastGood | None:
    if options.state_dir is None:
        return None
    try:
        return LastGood(options.state_dir, options.environment, trust)
    except OSError as error:
        raise ValueError(f"--state-dir {options.state_dir}: {error.strerror or error}") from error


def _exposures(options: Options, metrics: Metrics) -> Exposures | None:
    if options.exposures is None:
        return None
    made = Exposures(
        open_sink(options.exposures),
        options.environment,
        sample=options.exposure_sample,
        raw=options.exposure_raw_users,
    )
    add_exposure_metrics(metrics, made)
    return made


def _waker(options: Options, follower: Follower, metrics: Metrics) -> Waker | None:
    if not options.wake:
        return None

    def call() -> None:
        follower.wake.set()

    waker = Waker(
        options.wake,
        options.environment,
        call,
        password=options.wake_password,
    )
    add_wake_metrics(metrics, waker)
    return waker


def _source(options: Options) -> Source:
    try:
        return open_source(
            options.source,
            options.environment,
            poll_seconds=options.poll_seconds,
            most_document=options.max_document_bytes,
            token_file=options.source_token_file,
        )
    except OSError as error:
        named = f"--source-token-file {options.source_token_file}"
        raise ValueError(f"{named}: {error.strerror or error}") from error


def _follower(
    options: Options, metrics: Metrics, figures: Figures, scratch: Path | None, *, keeps: bool
) -> tuple[Follower, Holder]:
    trust = Trust.read(options.trust) if options.trust else None
    last_good = _last_good(options, trust)
    source = _source(options)
    holder = Holder(
        local=source.local,
        any_order=options.any_order,
        highest=None if last_good is None else last_good.highest(),
    )
    hits = metrics.counter("burgee_cache_hits_total", "Answers given from the cache.")
    misses = metrics.counter("burgee_cache_misses_total", "Answers that had to be made.")
    counts = CacheCounts(hits.cell(), misses.cell())
    follower = Follower(
        source,
        holder,
        options.environment,
        lambda: ResponseCache(options.cache_bytes, counts, figures.settle),
        trust=trust,
        last_good=last_good,
        keeps=keeps,
        member_files=None if scratch is None else MemberFiles(scratch / "members"),
        max_staleness=options.max_staleness,
    )
    add_snapshot_metrics(metrics, holder, follower.freshness)
    return follower, holder


def _background(
    follower: Follower,
    waker: Waker | None,
    authenticator: Authenticator | None,
    fleet: Fleet | None,
    beside: Callable[[], AbstractAsyncContextManager[None]],
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return what runs beside the requests: following the source, clients and keys, and telling
    the other workers.
    """

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(follower.run(stop))]
        if authenticator is not None:
            tasks.append(asyncio.create_task(authenticator.watch()))
        if waker is not None:
            tasks.append(asyncio.create_task(waker.run()))
        try:
            async with beside(), nullcontext() if fleet is None else fleet.answering():
                yield
        finally:
            stop.set()
            follower.interrupt()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            follower.close()

    return lifespan


@asynccontextmanager
async def _beside(figures: Figures, exposures: Exposures | None) -> AsyncIterator[None]:
    """Count and write what was asked for, and all of it at the end."""
    looking = asyncio.create_task(_look_at(figures))
    if exposures is not None:
        exposures.start()
    try:
        yield
    finally:
        looking.cancel()
        if exposures is not None:
            await asyncio.to_thread(exposures.close)


async def _look_at(figures: Figures) -> None:
    """Note once a minute which flags were asked for, whether or not anybody wants to know."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        figures.look()
