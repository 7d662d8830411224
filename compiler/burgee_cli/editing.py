"""What the commands that edit files share: options, the judgement, the diff, the files written."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from burgee.whole_files import put_whole
from burgee_cli.effective import environments_of, one_of, tenant_of
from burgee_cli.findings import print_findings
from burgee_cli.opened import Opened, open_repository, repo_option
from burgee_cli.outcome import FINDING, No, Usage
from burgee_compiler.diagnostics import place
from burgee_compiler.diagnostics.render_json import json_form
from burgee_compiler.repository import TenantFiles
from burgee_compiler.writes import Changes, Judged, WriteRefusedError, Writing, judge

__all__ = ["Editing", "edits_files", "environment_option"]

F = TypeVar("F", bound=Callable[..., Any])


def edits_files(function: F) -> F:
    """Add the options of a command that edits files, and give it an `editing` instead of them.

    A write that cannot be made is exit 1, told in one line with its cure.
    """

    @functools.wraps(function)
    def run(
        *, repo: Path | None, tenant: str | None, dry_run: bool, as_json: bool, **options: Any
    ) -> Any:
        editing = Editing(repo, tenant, dry_run=dry_run, as_json=as_json)
        try:
            return function(editing=editing, **options)
        except WriteRefusedError as error:
            raise No(error.message, error.help) from error

    made: Any = run
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print what changes as JSON."),
        click.option("--dry-run", is_flag=True, help="Print the diff and write nothing."),
        click.option("--tenant", "-t", metavar="NAME", help="Needed where there are several."),
        repo_option,
    ):
        made = option(made)
    return made  # type: ignore[no-any-return]


def environment_option(function: F) -> F:
    """Add `--environment`, for what an overlay may say."""
    return click.option(
        "--environment", "-e", metavar="NAME", help="Write it for this environment alone."
    )(function)


class Editing:
    """One edit of a flag repository's work tree, from its options to its files."""

    def __init__(
        self, repo: Path | None, tenant: str | None, *, dry_run: bool, as_json: bool
    ) -> None:
        self.opened = open_repository(repo)
        self.tenant = tenant
        self._dry_run = dry_run
        self._as_json = as_json
        self.writing = Writing(self.opened.tree)
        self.notes: list[str] = []

    @property
    def files(self) -> TenantFiles:
        """The tenant that was named, or the only one."""
        tenants = self.opened.repository.tenants
        return tenants[one_of("tenant", self.tenant, list(tenants))]

    def files_with(self, flag: str) -> TenantFiles:
        """The tenant that was named, or the only one that has the flag."""
        tenants = self.opened.repository.tenants
        return tenants[tenant_of(flag, self.tenant, tenants)]

    def environment(self, name: str | None) -> str | None:
        """Return an environment that was named; Usage where there is none of that name."""
        if name is None:
            return None
        return one_of("environment", name, list(environments_of(self.opened.repository)))

    def finish(self, *, keep_locks: bool = False) -> int:
        """Judge what was gathered, print it, and write it; nothing is written by halves."""
        before, tree = self.opened.repository, self.opened.tree
        judged = judge(before, tree, self.writing.changes, keep_locks=keep_locks)
        if judged.refused:
            self._refuse(judged)
            return FINDING
        diffs = self._diffs(judged.changes)
        if not self._dry_run:
            _write(self.opened.root, judged.changes, self.opened.read)
        if self._as_json:
            self._print_json(judged, diffs, written=not self._dry_run)
        else:
            self._print_text(judged, diffs)
        return 0

    def _refuse(self, judged: Judged) -> None:
        if self._as_json:
            self._print_json(judged, self._diffs(judged.changes), written=False)
            return
        over = Opened(self.opened.root, judged.tree, judged.repository, None)
        print_findings(judged.added, over, "text", "")
        click.echo("error: this edit would add these findings, so nothing was written", err=True)

    def _print_text(self, judged: Judged, diffs: dict[str, str]) -> None:
        if not judged.changes:
            click.echo("nothing to change")
        for path, diff in diffs.items():
            if self._dry_run:
                click.echo(diff, nl=False)
            else:
                click.echo(f"{'removed' if judged.changes[path] is None else 'wrote'} {path}")
        for note in self.notes if judged.changes else ():
            click.echo(f"note: {note}", err=True)
        if judged.added:
            over = Opened(self.opened.root, judged.tree, judged.repository, None)
            print_findings(judged.added, over, "text", "", err=True)

    def _print_json(self, judged: Judged, diffs: dict[str, str], *, written: bool) -> None:
        over = Opened(self.opened.root, judged.tree, judged.repository, None)
        form = {
            "written": written and bool(judged.changes),
            "changes": [
                {"path": path, "removed": judged.changes[path] is None, "diff": diff}
                for path, diff in diffs.items()
            ],
            "notes": self.notes,
            "findings": [json_form(each) for each in place(judged.added, over.read)],
        }
        click.echo(msgspec.json.format(msgspec.json.encode(form)))

    def _diffs(self, changes: Changes) -> dict[str, str]:
        return {
            path: _diff(path, self.opened.read(path), data)
            for path, data in sorted(changes.items())
        }


def _diff(path: str, before: bytes | None, after: bytes | None) -> str:
    """Return a unified diff as `git apply` takes it."""
    old, new = (
        [] if data is None else list(StringIO(data.decode(errors="replace"), newline="\n"))
        for data in (before, after)
    )
    names = (
        ("/dev/null" if before is None else f"a/{path}"),
        ("/dev/null" if after is None else f"b/{path}"),
    )
    lines = difflib.unified_diff(old, new, *names)
    return "".join(
        each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n" for each in lines
    )


def _write(root: Path, changes: Changes, read: Callable[[str], bytes | None]) -> None:
    """Write all files, each whole; where one cannot be written, those before it are put back."""
    done: list[str] = []
    before = {path: read(path) for path in changes}
    try:
        for path, data in sorted(changes.items(), key=lambda each: (each[1] is None, each[0])):
            done.append(path)
            _put(root / path, data)
    except OSError as error:
        for path in reversed(done):
            _put_back(root / path, before[path])
        reason = error.strerror or error
        raise Usage(f"{done[-1]} cannot be written: {reason}", "nothing was changed") from error


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
        return
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    put_whole(path, data, mode)


def _put_back(path: Path, data: bytes | None) -> None:
    try:
        _put(path, data)
    except OSError:
        click.echo(f"error: {path} could not be put back either", err=True)
