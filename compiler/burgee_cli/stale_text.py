"""What `burgee stale` found: for people, and as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from burgee.instants import format_instant
from burgee_cli.outcome import counted
from burgee_compiler.diagnostics import Where, nearest
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.source import locate
from burgee_compiler.stale import Found, Reason, Report
from burgee_compiler.stale.code import Reference, Scan
from burgee_compiler.stale.watches import Since

__all__ = ["Unknown", "stale_data", "stale_text", "unknown_references"]

_SHOWN: Final = 5
_HELP: Final = "take a flag out of the code first, then remove its file and lock"
_STAYS: Final = "a flag that is to stay as it is for ever is of kind ops or permission"
Read = Callable[[str], bytes | None]


class Unknown(Struct, frozen=True):
    """A reference to a flag that does not exist, and the key that was probably meant."""

    file: str
    line: int
    key: str
    nearest: str | None


def unknown_references(scan: Scan, keys: Sequence[str]) -> list[Unknown]:
    """Return the references to flags that do not exist."""
    near = {key: nearest(key, keys) for key in {each.key for each in scan.unknown}}
    return [Unknown(each.file, each.line, each.key, near[each.key]) for each in scan.unknown]


def stale_text(report: Report, scan: Scan | None, unknown: Sequence[Unknown], read: Read) -> str:
    """Return what was found as lines, with what to do."""
    lines: list[str] = []
    for found in report.found:
        lines += [*_item(found, scan, read), ""]
    for each in unknown:
        meant = f"; did you mean {each.nearest}?" if each.nearest else ""
        lines.append(f'{each.file}:{each.line}: there is no flag "{each.key}"{meant}')
    if unknown:
        lines.append("")
    lines.append(_summary(report, unknown))
    if any(each.kind == "flag" for each in report.found):
        lines.append(f"  = help: {_HELP}")
    if any(reason.why == "constant" for each in report.found for reason in each.reasons):
        lines.append(f"  = help: {_STAYS}")
    return "\n".join(map(printable, lines))


def _item(found: Found, scan: Scan | None, read: Read) -> Iterator[str]:
    sign = "@" if found.kind == "segment" else ""
    yield f"{found.tenant}/{sign}{found.name}  ({found.file})"
    for reason in found.reasons:
        since = "" if reason.since is None else _since(reason.since)
        place = f"  [{_place(found, reason, read)}]" if reason.path else ""
        yield f"  {reason.why:<9}  {reason.text}{since}{place}"
    if scan is not None and found.kind == "flag":
        references = scan.known.get(found.name, [])
        if references:
            shown = [f"{each.file}:{each.line}" for each in references[:_SHOWN]]
            more = len(references) - len(shown)
            tail = f" and {more} more" if more else ""
            yield f"  {'in code':<9}  {', '.join(shown)}{tail}"


def _since(since: Since) -> str:
    if since.commit is None:
        return ""
    day = format_instant(since.at).partition("T")[0]
    by = "a schedule of " if since.by_itself else ""
    least = "at least " if since.at_least else ""
    return f", since {least}{day} ({by}{since.commit[:7]} {since.subject})"


def _place(found: Found, reason: Reason, read: Read) -> str:
    data = read(found.file) if reason.path else None
    line = 1 if data is None else locate(data, Where(found.file, reason.path)).line
    return f"{found.file}:{line}"


def _summary(report: Report, unknown: Sequence[Unknown]) -> str:
    kinds = [each.kind for each in report.found]
    parts = [counted(kinds.count(kind), kind) for kind in ("flag", "segment") if kind in kinds]
    said = f"{' and '.join(parts)} could go" if parts else "nothing is stale"
    if unknown:
        said += f"; {counted(len(unknown), 'reference')} to flags that do not exist"
    return said


def stale_data(
    report: Report,
    scan: Scan | None,
    unknown: Sequence[Unknown],
    read: Read,
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the same as JSON values, after `head`."""
    whole: dict[str, Any] = {**head, "stale": [_row(each, read) for each in report.found]}
    if scan is not None:
        whole["references"] = {
            key: [_reference(each) for each in found] for key, found in scan.known.items()
        }
        whole["unknown"] = unknown
        whole["files"] = scan.files
    return whole


def _row(found: Found, read: Read) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "tenant": found.tenant,
        "name": found.name,
        "file": found.file,
        "reasons": [
            {
                "reason": reason.why,
                "message": reason.text,
                "place": _place(found, reason, read),
                "since": None if reason.since is None else _since_data(reason.since),
            }
            for reason in found.reasons
        ],
    }


def _since_data(since: Since) -> dict[str, Any]:
    return {
        "at": format_instant(since.at),
        "commit": since.commit,
        "subject": since.subject,
        "by_itself": since.by_itself,
        "at_least": since.at_least,
    }


def _reference(reference: Reference) -> dict[str, Any]:
    return {"file": reference.file, "line": reference.line}
