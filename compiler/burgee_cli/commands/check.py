"""`burgee check`: all findings of all files at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from burgee_cli.findings import format_option, print_findings
from burgee_cli.opened import INSTANT, Opened, open_repository, rev_option
from burgee_cli.outcome import FINDING, Usage, counted
from burgee_compiler.build import check, has_errors
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.load import ROOT_FILE

__all__ = ["command"]


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@rev_option
@click.option("--now", is_flag=True, help="Also find what has passed: overrides, steps, flags.")
@click.option("--at", type=INSTANT, metavar="TIME", help="As --now, at another time.")
@format_option
def command(
    paths: tuple[Path, ...],
    rev: str | None,
    now: bool,
    at: int | None,
    form: str,
    as_json: bool,
) -> int:
    """Find everything that is wrong with the flags.

    The first of PATHS is the flag repository if it holds a burgee.yaml; with further paths, only
    findings that touch those files or folders are shown. Exit 1 if a finding is an error.

    \b
    Example:  burgee check
              burgee check acme/flags/checkout --format github
    """
    repo, wanted = _split(paths)
    opened = open_repository(repo, rev)
    clock = time.time_ns() // 1_000 if now and at is None else at
    found = _touching(check(opened.repository, clock), opened, wanted)
    print_findings(found, opened, "json" if as_json else form, _good(opened))
    return FINDING if has_errors(found) else 0


def _good(opened: Opened) -> str:
    tenants = opened.repository.tenants.values()
    flags = counted(sum(len(tenant.flags) for tenant in tenants), "flag")
    segments = counted(sum(len(tenant.segments) for tenant in tenants), "segment")
    return f"{flags} and {segments} of {counted(len(tenants), 'tenant')}: no findings"


def _split(paths: tuple[Path, ...]) -> tuple[Path | None, tuple[Path, ...]]:
    if paths and (paths[0] / ROOT_FILE).exists():
        return paths[0], paths[1:]
    if len(paths) == 1 and paths[0].is_dir():
        return paths[0] if not _inside_a_repository(paths[0]) else None, paths
    return None, paths


def _inside_a_repository(path: Path) -> bool:
    return any((folder / ROOT_FILE).exists() for folder in path.resolve().parents)


def _touching(
    found: Sequence[Diagnostic], opened: Opened, wanted: Sequence[Path]
) -> list[Diagnostic]:
    """Return the findings that have a place in one of the files or folders."""
    if not wanted:
        return list(found)
    root = opened.root.resolve()
    prefixes = [_relative(path, root) for path in wanted]

    def touches(file: str) -> bool:
        return any(prefix in (".", file) or file.startswith(prefix + "/") for prefix in prefixes)

    return [
        each
        for each in found
        if touches(each.where.file) or any(touches(label.where.file) for label in each.labels)
    ]


def _relative(path: Path, root: Path) -> str:
    for candidate in (path.resolve(), (root / path).resolve()):
        if candidate.is_relative_to(root) and candidate.exists():
            return candidate.relative_to(root).as_posix()
    raise Usage(f"{path} is no file or folder of {root}", "name files of the flag repository")
