"""`burgee publish --watch`: the process around the watch, its log and its figures."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from msgspec import Struct

from burgee_cli.outcome import INTERRUPT, Usage
from burgee_compiler.publish.figures import Figures
from burgee_compiler.publish.figures_server import serving_figures
from burgee_compiler.publish.followed import Followed, LocalRepository, Mirror, is_url
from burgee_compiler.publish.keys import key_files
from burgee_compiler.publish.publish import How
from burgee_compiler.publish.target import Target
from burgee_compiler.publish.watch import Watch, Watched

__all__ = ["Watching", "watch"]

_LOCK: Final = "publish.lock"
_GRACE: Final = 20.0
"""Seconds after which the process ends, whatever it waits for."""


class Watching(Struct, frozen=True, kw_only=True):
    """What the options say; `source` is a folder or a URL."""

    source: str
    branch: str | None
    interval: float
    state: Path | None
    metrics: str | None
    heartbeat_seconds: float
    keys: tuple[str, ...]
    wanted: tuple[str, ...]


def watch(given: Watching, target: Target, how: How) -> int:
    """Publish each commit until SIGTERM or SIGINT; Usage where it cannot even begin."""
    stop = threading.Event()
    figures = Figures()
    with _state(given) as repository, _metrics(given.metrics, figures):
        watched = Watched(
            repository,
            target,
            key_files(given.keys),
            given.wanted,
            given.interval,
            given.heartbeat_seconds,
        )
        running = Watch(watched, how, _log, figures, stop)
        ended = _end_on_signals(stop, running)
        _log("info", "watching", source=repository.name, target=target.place)
        running.run()
        _log("info", "ended")
    return INTERRUPT if ended == [signal.SIGINT] else 0


def _end_on_signals(stop: threading.Event, running: Watch) -> list[int]:
    """Let SIGTERM and SIGINT end the watch; return a list that the first is added to."""
    seen: list[int] = []

    def end(number: int, _: object) -> None:
        if not seen:  # git may wait for a remote that hangs; whatever is cut off can be done again
            forced = threading.Timer(_GRACE, os._exit, (0,))
            forced.daemon = True
            forced.start()
        seen.append(number)
        stop.set()
        running.wake()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return seen


@contextmanager
def _state(given: Watching) -> Iterator[Followed]:
    """Yield the repository; a mirror of it belongs to one process at a time."""
    if not is_url(given.source):
        if not Path(given.source).is_dir():
            raise Usage(f"there is no folder {given.source}", "name a git repository, or its URL")
        yield LocalRepository(Path(given.source), given.branch)
        return
    if given.state is None:
        raise Usage(
            "a remote repository is mirrored, and nobody said where",
            "name a folder of this publisher's own with --state-dir",
        )
    try:
        given.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(given.state / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Usage(f"{given.state} cannot be used: {error.strerror or error}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Usage(
                f"{given.state} belongs to another publisher", "give each a folder of its own"
            ) from None
        mirror = Mirror(given.source, given.state, given.branch)
        mirror.forget_locks()
        yield mirror
    finally:
        os.close(handle)


@contextmanager
def _metrics(listen: str | None, figures: Figures) -> Iterator[None]:
    if listen is None:
        yield
        return
    host, _, port = listen.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isdigit() or int(port) > 65_535:
        raise Usage(f"{listen!r} is no address to listen on", "write HOST:PORT or PORT")
    with ExitStack() as stack:
        try:
            url = stack.enter_context(serving_figures(figures.text, host, int(port)))
        except OSError as error:
            told = f"nothing can listen on {listen}: {error.strerror or error}"
            raise Usage(told, "name another port, or 0 for any") from error
        click.echo(f"listening on {url}")
        sys.stdout.flush()
        yield


def _log(level: str, message: str, **fields: Any) -> None:
    """Write a line of JSON to standard error; a reader that is gone is no reason to end."""
    time = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = {"timestamp": time, "level": level, "message": message, **fields}
    with suppress(OSError, ValueError):
        sys.stderr.write(msgspec.json.encode(line).decode() + "\n")
        sys.stderr.flush()
