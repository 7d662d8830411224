"""`burgee up`: the whole system on this machine, following every edit."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from burgee_cli.effective import environments_of, one_of
from burgee_cli.findings import print_findings
from burgee_cli.local.child import Child
from burgee_cli.local.rebuild import Rebuilder, Rebuilt
from burgee_cli.local.state_folder import state_folder
from burgee_cli.local.try_it import curl_lines, write_lines
from burgee_cli.opened import open_repository
from burgee_cli.outcome import FINDING, counted
from burgee_compiler.diagnostics import Diagnostic

__all__ = ["command"]

_LOOK_EVERY_MS: Final = 200
_DEBOUNCE_MS: Final = 400
_MOST_NAMED: Final = 5


@click.command("up")
@click.argument("repo", required=False, type=click.Path(path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(1, 65_534),
    help="Where the edge node listens, the writer one higher; default: free ones.",
)
@click.option(
    "--environment", "-e", metavar="NAME", help="What is served; default: the first environment."
)
def command(repo: Path | None, port: int | None, environment: str | None) -> int:
    """Run the whole system on this machine: build, watch, edge node, writer.

    Every edit is checked, built and served within a second. A flag that does not build keeps its
    last good form, the others go live. What is sent to the writer, on the next port, becomes a
    commit of the branch that is checked out. Open to callers on this machine only. Ctrl-C ends it.

    \b
    Example:  burgee up flags-repo --port 8080
    """
    opened = open_repository(repo)
    known = environments_of(opened.repository)
    if not known:
        print_findings(opened.repository.found, opened, "text", "")
        return FINDING
    name = known[0] if environment is None else one_of("environment", environment, list(known))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return _System(opened.root, name, port or 0).run(stop)


class _System:
    """The build, the watch and the servers of one repository."""

    def __init__(self, root: Path, environment: str, port: int) -> None:
        self._root = root
        self._environment = environment
        self._out = state_folder(root) / "dist"
        self._rebuilder = Rebuilder(root, self._out, environment)
        self._edge = Child("edge node", port, self._edge_arguments)
        self._writer = Child("writer", port + 1 if port else 0, self._writer_arguments)
        self._children = [self._edge]
        self._tenant: str | None = None
        self._told: list[Diagnostic] = []
        self._held: tuple[str, ...] = ()

    def run(self, stop: threading.Event) -> int:
        """Serve until `stop` is set, or something that cannot be mended from here."""
        edits = _edits(self._root, stop)
        next(edits, None)  # from here on no edit is missed
        try:
            built = self._rebuild()
            if built is None or built.snapshot is None:
                return FINDING
            tenants = list(built.snapshot.tenants)
            self._tenant = tenants[0] if len(tenants) == 1 else None
            self._edge.start()
            code = self._edge.wait_until_listening()
            if code is not None:
                return code
            self._start_writer(built)
            self._say_ready(built)
            for edited in edits:
                if edited:
                    self._rebuild()
                self._tend()
        finally:
            for each in self._children:
                each.stop()
        return 0

    def _edge_arguments(self, port: int) -> list[str]:
        arguments = ["edge", "--insecure", "--any-order", "--host", "127.0.0.1"]
        arguments += ["--port", str(port), "--log-level", "warning"]
        arguments += ["--source", str(self._out), "--environment", self._environment]
        return arguments + (["--default-tenant", self._tenant] if self._tenant else [])

    def _writer_arguments(self, port: int) -> list[str]:
        arguments = ["writer", "--insecure", "--host", "127.0.0.1", "--port", str(port)]
        arguments += ["--repo", str(self._root), "--log-level", "warning"]
        arguments += ["--state-dir", str(self._out.parent / "writer")]
        return arguments + (["--default-tenant", self._tenant] if self._tenant else [])

    def _start_writer(self, built: Rebuilt) -> None:
        """Start the writer where there is something to commit to."""
        beside = built.opened.work_tree
        if beside is None or not beside.has_commit:
            click.echo(
                "no writer: these files are in no git repository with a commit; make one with "
                "`git init`, `git add --all` and `git commit`, and start this again"
            )
            return
        self._writer.start()
        if self._writer.wait_until_listening() is None:
            self._children.append(self._writer)
        else:
            self._writer.stop()
            click.echo("no writer: mend what it says above, and start this again", err=True)

    def _rebuild(self) -> Rebuilt | None:
        """Build and tell; what goes wrong here never ends the serving of the last build."""
        start = time.monotonic()
        try:
            built = self._rebuilder.rebuild()
        except (OSError, click.ClickException) as error:
            click.echo(f"cannot build: {error}; the last build stays", err=True)
            return None
        except Exception:  # noqa: BLE001  a bug in the compiler is no reason to stop serving
            click.echo(f"a bug in burgee; the last build stays\n{traceback.format_exc()}", err=True)
            return None
        self._tell(built, time.monotonic() - start)
        return built

    def _tell(self, built: Rebuilt, took: float) -> None:
        """Say what is new since the build before."""
        if built.found != self._told:
            print_findings(built.found, built.opened, "text", "all findings are mended")
            if not built.written and built.snapshot is not None:
                click.echo("nothing was built; the last build stays")
        if built.held and built.held != self._held:
            click.echo(f"held at their last good form: {_listed(built.held)}")
        if built.changed:
            click.echo(f"built in {took:.2f} s: {_listed(built.changed)}")
        self._told, self._held = built.found, built.held

    def _tend(self) -> None:
        for each in self._children:
            if each.tend() and each.wait_until_listening() is None:
                _say_listening(each)

    def _say_ready(self, built: Rebuilt) -> None:
        url = self._edge.url or ""
        for each in self._children:
            _say_listening(each)
        click.echo(f"serving {self._environment}, following edits in {self._root}")
        shown = " and ".join(f"{each.url}/docs" for each in self._children)
        click.echo(f"the API to look at and try: {shown}")
        assert built.snapshot is not None
        lines = curl_lines(url, built.snapshot, self._tenant)
        if self._writer in self._children:
            lines += write_lines(self._writer.url or "", built.snapshot, self._tenant)
        if lines:
            click.echo("\ntry:\n  " + "\n  ".join(lines) + "\n")


def _say_listening(child: Child) -> None:
    click.echo(f"{child.name} listening on {child.url} (process {child.pid})")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMED else counted(len(names), "flag")


def _edits(root: Path, stop: threading.Event) -> Iterator[bool]:
    """Yield whether files were edited, several times a second, until `stop` is set."""
    import watchfiles  # noqa: PLC0415  so that `--help` needs no library

    here = root.resolve()

    def counts(_: object, path: str) -> bool:
        parts = Path(path).relative_to(here).parts if Path(path).is_relative_to(here) else ()
        return not any(part.startswith(".") for part in parts)

    for changes in watchfiles.watch(
        here,
        watch_filter=counts,
        debounce=_DEBOUNCE_MS,
        rust_timeout=_LOOK_EVERY_MS,
        yield_on_timeout=True,
        stop_event=stop,
    ):
        yield bool(changes)
