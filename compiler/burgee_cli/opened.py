"""From the options of a command to the repository that it is about."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from burgee.instants import parse_instant
from burgee_cli.outcome import Usage
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.facts import CommitFacts, commit_facts, dirty_note, folder_facts
from burgee_compiler.load import ROOT_FILE, load_repository
from burgee_compiler.repository import Repository
from burgee_compiler.trees import Folder, Tree, UnknownRevision, open_commit

__all__ = ["INSTANT", "Opened", "open_files", "open_repository", "repo_option", "rev_option"]

F = TypeVar("F", bound=Callable[..., Any])


class Opened(Struct, frozen=True):
    """A repository that was read, and from where."""

    root: Path
    tree: Tree
    repository: Repository
    revision: str | None

    def facts(self) -> CommitFacts | None:
        """Return what git says of these files, None where they are no commit's."""
        if self.revision is None:
            return folder_facts(self.root, self.tree)
        _, commit = open_commit(self.root, self.revision)
        return commit_facts(commit, self.root)

    def dirty_note(self) -> Diagnostic | None:
        """Return a note where the files are a work tree's that differs from its commit."""
        return dirty_note(self.root, self.tree) if self.revision is None else None

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes for a finding, None where it has none."""
        try:
            return self.tree.read(path)
        except OSError:
            return None


class _Instant(click.ParamType[int]):
    """A clock on the command line: RFC 3339, a date, or now."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if value == "now":
            return time.time_ns() // 1_000
        instant = parse_instant(value)
        if instant is None:
            self.fail(f"{value!r} is no time; write 2026-12-01T09:00:00Z or 2026-12-01", param, ctx)
        return instant


INSTANT = _Instant()


def repo_option(function: F) -> F:
    """Add `--repo`."""
    return click.option(
        "--repo",
        type=click.Path(path_type=Path),
        help="The flag repository; default: the nearest folder upward with a burgee.yaml.",
    )(function)


def rev_option(function: F) -> F:
    """Add `--rev`."""
    return click.option(
        "--rev", metavar="REV", help="Take the files as a commit has them; no work tree is touched."
    )(function)


def open_repository(repo: Path | None, revision: str | None = None) -> Opened:
    """Read a flag repository; Usage where there is none."""
    root, tree = open_files(repo, revision)
    return Opened(root, tree, load_repository(tree), revision)


def open_files(repo: Path | None, revision: str | None = None) -> tuple[Path, Tree]:
    """Return where a flag repository is, and its files, not yet read; Usage where there is none."""
    root = _nearest() if repo is None else repo
    if revision is not None:
        try:
            tree, _ = open_commit(root, revision)
        except UnknownRevision as error:
            raise Usage(str(error), "name a commit, branch or tag of that repository") from error
        if not any(entry.path == ROOT_FILE for entry in tree.entries()):
            raise Usage(f"there is no {ROOT_FILE} in {root} at {revision}")
        return root, tree
    if not (root / ROOT_FILE).exists():
        raise Usage(
            f"{root} is no flag repository: it has no {ROOT_FILE}",
            "name the folder that has one, or make a repository with `burgee init DIR`",
        )
    return root, Folder(root)


def _nearest() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ROOT_FILE).exists():
            return folder
    raise Usage(
        f"neither {here} nor a folder above it has a {ROOT_FILE}",
        "name the flag repository with --repo DIR, or make one with `burgee init DIR`",
    )
