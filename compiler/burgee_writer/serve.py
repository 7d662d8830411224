"""Running a writer: from settings to a listening socket."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Final

import pygit2
import structlog

from burgee_http.authentication import Authenticator
from burgee_http.cors import Cors
from burgee_http.insecure import check_local
from burgee_http.logs import AccessLog, configure_logs
from burgee_http.metrics import Metrics
from burgee_http.serve import Listener, ServeError
from burgee_http.serve import serve as serve_listeners
from burgee_http.settings import SettingsError
from burgee_http.tenancy import Gate
from burgee_writer.app import Surroundings, make_app, named
from burgee_writer.git.branch import Author, Branch, Unreachable
from burgee_writer.git.compare import compare_url
from burgee_writer.git.message import one_line
from burgee_writer.git.opening import open_branch
from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.git.version import require_git
from burgee_writer.history.index import HistoryIndex
from burgee_writer.keys import commit_keys
from burgee_writer.options import Options, read_options
from burgee_writer.reading import Definitions
from burgee_writer.routes.about import Stopping
from burgee_writer.routes.audit import get_audit
from burgee_writer.routes.events import Events
from burgee_writer.routes.webhooks import add_webhook_metrics, webhook_routes
from burgee_writer.service import Service
from burgee_writer.tips.tip import require_flags
from burgee_writer.tokens.issuer import make_issuer
from burgee_writer.tokens.routes import token_routes
from burgee_writer.tokens.verifying import make_authenticator
from burgee_writer.webhooks.deliver import Webhooks
from burgee_writer.webhooks.from_git import GitChanges
from burgee_writer.webhooks.settings import WebhookSettings, followed_secrets
from burgee_writer.writing.committing import author_of
from burgee_writer.writing.current import Current
from burgee_writer.writing.figures import WriteFigures
from burgee_writer.writing.loop import Writer
from burgee_writer.writing.reviewed import Reviewed

__all__ = ["build", "serve"]

_USAGE: Final = 2
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_REFRESH_SECONDS: Final = 5.0
_THREADS: Final = 64
"""Calls that wait for their turn to write each hold one; reads are not to wait behind them."""

_log = structlog.get_logger("burgee.writer")


def serve(values: Mapping[str, Any]) -> int:
    """Serve until a signal ends it; returns the exit code. `values` are of `settings.TABLE`.

    Prints `listening on http://HOST:PORT` once it serves, and what is wrong with the settings
    (2) to standard error.
    """
    try:
        options = read_options(values)
        configure_logs(level=options.log_level)
        return serve_listeners(build(options), grace_seconds=options.grace_seconds)
    except SettingsError as error:
        problems = error.problems
    except (ServeError, Unreachable, OSError, ValueError) as error:
        problems = (str(error),)
    sys.stderr.write("".join(f"error: {problem}\n" for problem in problems))
    return _USAGE


def build(options: Options) -> list[Listener]:
    """Put a writer together, its branch read; OSError, ValueError or Unreachable where something
    that the settings name cannot be used.
    """
    options.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    git = require_git(options.state_dir)
    issuer = make_issuer(options)
    authenticator = make_authenticator(options, issuer)
    key, keys = commit_keys(options)
    branch = open_branch(
        options.repo,
        branch=options.branch,
        folder=options.folder,
        state_dir=options.state_dir,
        key=key,
        committer=Author(options.committer_name, options.committer_email),
        token=_token(options),
        timeout=options.remote_seconds,
    )
    require_flags(branch.repository_path, branch.tip(), branch.inside)
    history = HistoryIndex(
        branch.repository_path, branch.inside, keys, options.state_dir / "history"
    )
    service = _service(options, branch, keys, history, authenticator)
    webhooks = _webhooks(options, branch, keys)
    events, stopping = Events(service, options.event_streams), Stopping()
    service.writer.listeners += [lambda _: events.wake(), lambda _: webhooks.wake()]
    metrics = Metrics()
    add_webhook_metrics(metrics, webhooks)
    app = make_app(
        service,
        Surroundings(
            metrics=metrics,
            access_log=AccessLog(options.access_log_sample),
            events=events,
            stopping=stopping,
            more=[
                *token_routes(issuer, authenticator),
                named("/v1/audit", partial(get_audit, service, history)),
                *webhook_routes(service, webhooks),
            ],
            cors=_cors(options),
            check=check_local if options.insecure else None,
            lifespan=_background(
                branch, service.writer.figures, authenticator, events, webhooks, history
            ),
        ),
    )

    def stop() -> None:
        stopping.begin()
        events.stop()

    _log.info(
        "writer",
        repository=str(branch.repository_path),
        branch=branch.name,
        folder=branch.inside,
        commit=branch.tip(),
        state_dir=str(options.state_dir),
        signs_with=key.public_line,
        git=git,
    )
    return [
        Listener(
            app,
            options.host,
            options.port,
            options.limits,
            drain_seconds=options.drain_seconds,
            stopping=stop,
        )
    ]


def _service(
    options: Options,
    branch: Branch,
    keys: CommitKeys,
    history: HistoryIndex,
    authenticator: Authenticator | None,
) -> Service:
    def kills(tenant: str, flag: str) -> Any:
        history.advance(branch.tip())
        return history.last_kill(tenant, flag)

    writer = Writer(
        branch,
        Current(branch),
        history,
        Reviewed(branch.repository_path, branch.inside, keys),
        kills,
        author=partial(_author, options, branch),
    )
    return Service(
        writer=writer,
        gate=Gate(authenticator, default_tenant=options.default_tenant),
        definitions=Definitions(),
        compare_url=lambda proposed: compare_url(options.repo, branch.name, proposed),
    )


def _author(options: Options, branch: Branch, subject: str) -> Author:
    """Return the author that a subject is; where everybody is let in it is git's own user."""
    if options.insecure:
        config = pygit2.Repository(str(branch.repository_path)).config
        name, email = (_said(config, each) for each in ("user.name", "user.email"))
        if name and email:
            return Author(name, email)
    return author_of(subject, options.author_domain)


def _said(config: pygit2.Config, name: str) -> str:
    try:
        return one_line(config[name] or "").replace("<", "").replace(">", "")
    except (KeyError, ValueError):
        return ""


def _webhooks(options: Options, branch: Branch, keys: CommitKeys) -> Webhooks:
    secrets = options.webhook_secrets_file
    settings = WebhookSettings(
        hosts=options.webhook_hosts,
        allow_private=options.webhook_private,
        secrets=dict if secrets is None else followed_secrets(secrets),
    )
    changes = GitChanges(branch.repository_path, branch.reference, inside=branch.inside, keys=keys)
    return Webhooks(settings, options.state_dir, changes=changes)


def _token(options: Options) -> str | None:
    path = options.repo_token_file
    return None if path is None else path.read_text(encoding="utf-8").strip()


def _cors(options: Options) -> Cors:
    """Off unless asked for; pages on this machine alone where everybody on it is let in."""
    local_only = options.insecure and bool(options.cors_origins)
    return Cors(options.cors_origins, methods=_METHODS, local_only=local_only)


def _background(
    branch: Branch,
    figures: WriteFigures,
    authenticator: Authenticator | None,
    events: Events,
    webhooks: Webhooks,
    history: HistoryIndex,
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return what runs beside the requests."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="call")
        asyncio.get_running_loop().set_default_executor(threads)
        tasks = [asyncio.create_task(events.run()), asyncio.create_task(_follow(branch, figures))]
        if authenticator is not None:
            tasks.append(asyncio.create_task(authenticator.watch()))
        if webhooks.wanted:
            webhooks.start()
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(webhooks.stop)
            await asyncio.to_thread(history.save)

    return lifespan


async def _follow(branch: Branch, figures: WriteFigures) -> None:
    """Ask the remote, again and again, so that reads show what others have pushed."""
    said = False
    while True:
        await asyncio.sleep(_REFRESH_SECONDS)
        try:
            await asyncio.to_thread(branch.refresh)
            if said:
                _log.info("the repository can be read again")
            said = False
        except Exception as error:  # noqa: BLE001  the loop has to outlive whatever git does
            if not said:
                _log.warning("the repository cannot be read", reason=str(error))
            said = True
        figures.unreachable = said
