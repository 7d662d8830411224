"""From the options of a command to the repository that it is about."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from burgee.instants import parse_instant
from burgee_cli.outcome import NO_CACHE, Usage
from burgee_compiler.cache import RememberedMemo, open_memo
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.facts import CommitFacts, WorkTree, commit_facts
from burgee_compiler.load import ROOT_FILE, load_repository
from burgee_compiler.repository import Repository
from burgee_compiler.trees import Folder, Tree, UnknownRevision, open_commit

__all__ = [
    "INSTANT",
    "Opened",
    "cache_option",
    "open_files",
    "open_repository",
    "repo_option",
    "rev_option",
]

F = TypeVar("F", bound=Callable[..., Any])


class Opened(Struct, frozen=True):
    """A repository that was read, and from where."""

    root: Path
    tree: Tree
    repository: Repository
    revision: str | None
    work_tree: WorkTree | None = None
    """The files beside git's commit, where they are not a commit's themselves."""

    def facts(self) -> CommitFacts | None:
        """Return what git says of these files, None where they are no commit's."""
        if self.work_tree is not None:
            return self.work_tree.facts()
        assert self.revision is not None
        _, commit = open_commit(self.root, self.revision)
        return commit_facts(commit, self.root)

    def dirty_note(self) -> Diagnostic | None:
        """Return a note where the files are a work tree's that differs from its commit."""
        return None if self.work_tree is None else self.work_tree.dirty_note()

    def remember(self) -> None:
        """Keep what was learnt of the files, for whoever opens them next."""
        memo = self.repository.memo
        if isinstance(memo, RememberedMemo):
            memo.save()

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


def cache_option(function: F) -> F:
    """Add `--no-cache`."""

    def forget(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            context.meta[NO_CACHE] = True

    return click.option(
        "--no-cache",
        is_flag=True,
        expose_value=False,
        callback=forget,
        help="Read, check and compile every file, whatever earlier runs learnt.",
    )(function)


def open_repository(
    repo: Path | None, revision: str | None = None, *, remember: bool = True
) -> Opened:
    """Read a flag repository; Usage where there is none.

    What is known of a file by its bytes is not read again, and Changed is raised where those are
    others when it is read after all; without `remember` each file is read once.
    """
    root = _nearest() if repo is None else repo
    if revision is not None:
        tree = _tree_at(root, revision)
        return Opened(root, tree, load_repository(tree, _memo(root, "commit", remember)), revision)
    _require_root(root)
    folder = Folder(root)
    repository = load_repository(folder, _memo(root, "folder", remember))
    beside = WorkTree(root, folder, repository.memo.blobs)
    return Opened(root, folder, repository, None, beside)


def open_files(repo: Path | None, revision: str | None = None) -> tuple[Path, Tree]:
    """Return where a flag repository is, and its files, not yet read; Usage where there is none."""
    root = _nearest() if repo is None else repo
    if revision is None:
        _require_root(root)
        return root, Folder(root)
    return root, _tree_at(root, revision)


def _tree_at(root: Path, revision: str) -> Tree:
    try:
        tree, _ = open_commit(root, revision)
    except UnknownRevision as error:
        raise Usage(str(error), "name a commit, branch or tag of that repository") from error
    if not any(entry.path == ROOT_FILE for entry in tree.entries()):
        raise Usage(f"there is no {ROOT_FILE} in {root} at {revision}")
    return tree


def _require_root(root: Path) -> None:
    if not (root / ROOT_FILE).exists():
        raise Usage(
            f"{root} is no flag repository: it has no {ROOT_FILE}",
            "name the folder that has one, or make a repository with `burgee init DIR`",
        )


def _memo(root: Path, kind: str, remember: bool) -> RememberedMemo | None:
    context = click.get_current_context(silent=True)
    if not remember or (context is not None and context.obj is NO_CACHE):
        return None
    return open_memo(root, kind, cached=context is None or NO_CACHE not in context.meta)


def _nearest() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ROOT_FILE).exists():
            return folder
    raise Usage(
        f"neither {here} nor a folder above it has a {ROOT_FILE}",
        "name the flag repository with --repo DIR, or make one with `burgee init DIR`",
    )
