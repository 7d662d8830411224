"""A flag's history: each commit that touched it or what it uses, newest first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from msgspec import Struct

from burgee.instants import MICROSECONDS, format_instant
from burgee_compiler.past.changes import Changed, changes_between
from burgee_compiler.past.steps import History
from burgee_compiler.past.version import Read, earlier_path, read_version

__all__ = ["Entry", "history_of"]


class Entry(Struct, frozen=True):
    """One commit; of what is not committed yet, `commit` and who and when are None.

    `live_at` and `live_by` are of the first-parent commit that brought it, where that is another.
    """

    commit: str | None
    author: str | None
    email: str | None
    date: str | None
    subject: str
    files: tuple[str, ...]
    changes: tuple[Changed, ...]
    live_at: str | None = None
    live_by: str | None = None


def history_of(
    history: History | None,
    tenant: str,
    path: str,
    environments: Sequence[str],
    read: Callable[[str], bytes | None] | None = None,
) -> Iterator[Entry]:
    """Yield the entries of the flag at `path`; `read` gives the files of a work tree, if any."""
    if history is None:
        return
    version = read_version(history.at_tip, tenant, path)
    if read is not None:
        here = read_version(read, tenant, path)
        files = _different(read, history.at_tip, here.paths | version.paths)
        if files:
            changes = changes_between(version, here, environments)
            yield Entry(None, None, None, None, "not committed", files, tuple(changes))
        if not version.exists and here.exists:
            return  # new in the work tree
    for commit in history.commits():
        step = history.step(commit, version.paths)
        if not step.changed:
            continue
        before = read_version(step.before, tenant, earlier_path(step, version.path))
        files = tuple(sorted(step.changed & (version.paths | before.paths)))
        if files and (version.exists or before.exists):
            changes = changes_between(before, version, environments)
            live = history.live_by(commit)
            yield Entry(
                str(commit.id),
                *step.author,
                format_instant(commit.author.time * MICROSECONDS),
                step.subject,
                files,
                tuple(changes),
                None if live is None else format_instant(live.commit_time * MICROSECONDS),
                None if live is None else str(live.id),
            )
        version = before


def _different(here: Read, there: Read, paths: Collection[str]) -> tuple[str, ...]:
    return tuple(path for path in sorted(paths) if _text(here(path)) != _text(there(path)))


def _text(data: bytes | None) -> bytes | None:
    return None if data is None else data.replace(b"\r\n", b"\n")
