"""A flag's history for people: who, when, and what changed for users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.past.changes import Changed
from burgee_compiler.past.flag import Entry

__all__ = ["history_text"]

_QUIET = "nothing changed for users"


def history_text(title: str, entries: Sequence[Entry], *, has_more: bool) -> str:
    """Return the entries as lines, newest first."""
    lines = [title]
    for entry in entries:
        lines += ["", *_entry(entry)]
    if has_more:
        lines += ["", "older commits are left out: --limit shows more"]
    return "\n".join(map(printable, lines))


def _entry(entry: Entry) -> Iterator[str]:
    if entry.commit is None or entry.date is None:
        yield "not committed"
    else:
        day, _, time = entry.date.partition("T")
        yield f"{entry.commit[:7]}  {day} {time[:5]}  {entry.author}  {entry.subject}"
    if entry.live_at is not None and entry.live_by is not None:
        day, _, time = entry.live_at.partition("T")
        yield f"  live since {day} {time[:5]}, with {entry.live_by[:7]}"
    if not entry.changes:
        yield f"  {_QUIET} ({', '.join(each.rpartition('/')[2] for each in entry.files)})"
    for each in entry.changes:
        yield f"  {_change(each)}"


def _change(change: Changed) -> str:
    where = f"{', '.join(change.environments)}: " if change.environments else ""
    return f"{where}{change.text}"
