"""B310, B311, B312, B703: who is in a segment, and the lists that say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from burgee_compiler.checks.views import SegmentView, TenantView
from burgee_compiler.checks.walk import Path, said
from burgee_compiler.diagnostics import Diagnostic, Label, Where, diagnostic, nearest
from burgee_compiler.model.files import Segment
from burgee_compiler.resolve import segment_in

__all__ = [
    "check_empty_segments",
    "check_excluded_members",
    "check_members_files",
    "check_unused_members_files",
]

_MOST: Final = 10  # ids of one list that are reported: more have one cause


def _folder(view: SegmentView) -> str:
    return view.file.rpartition("/")[0]


def check_members_files(view: SegmentView) -> Iterator[Diagnostic]:
    """Report a `members_file` that does not exist."""
    for path, part in view.parts:
        name: str | None = said(part, "members_file")
        if name is None or f"{_folder(view)}/{name}" in view.tenant.files.members:
            continue
        yield view.finding(
            "B310",
            f'there is no member list "{name}" beside the segment',
            (*path, "members_file"),
            help=_where_to_look(view, name),
        )


def _where_to_look(view: SegmentView, name: str) -> str:
    if "/" in name or "\\" in name:
        return "write a plain name: the list stands in the folder of the segment's file"
    if not name.endswith((".csv", ".txt")):
        return "name a file that ends in .csv or .txt, one id a line"
    prefix = _folder(view) + "/"
    beside = [
        path.removeprefix(prefix)
        for path in view.tenant.files.members
        if path.startswith(prefix) and "/" not in path.removeprefix(prefix)
    ]
    near = nearest(name, beside)
    return (
        f'did you mean "{near}"?' if near else f"put the list, one id a line, into {prefix}{name}"
    )


def check_empty_segments(view: SegmentView) -> Iterator[Diagnostic]:
    """Report segments that say, in some environment, nothing of who is in them."""
    for environment in view.tenant.environments or (None,):
        segment = view.segment
        if environment is not None:
            segment = segment_in(segment, environment)
            overlay = view.segment.environments.get(environment)
            if overlay is not None and any(
                said(overlay, field) is not None for field in ("when", "members", "members_file")
            ):
                continue  # an environment may say that nobody is in it
        if segment.when is None and not segment.members and segment.members_file is None:
            yield view.finding(
                "B312",
                "the segment does not say who is in it",
                (),
                help="add `when:`, `members:` or `members_file:`",
            )
            return


def check_excluded_members(view: SegmentView) -> Iterator[Diagnostic]:
    """Report ids that are members and excluded in one environment."""
    for environment in view.tenant.environments or (None,):
        segment = view.segment if environment is None else segment_in(view.segment, environment)
        if not segment.excluded:
            continue
        excluded = {name: index for index, name in enumerate(segment.excluded)}
        twice = [each for each in _ids(view, segment) if each in excluded]
        for name in twice[:_MOST]:
            yield view.finding(
                "B311",
                f'"{name}" is a member and excluded',
                (*_prefix(view, environment, "excluded"), "excluded", excluded[name]),
                labels=(Label(_membership(view, environment, segment, name), "it is a member"),),
                help="remove it from one of the two: who is excluded is never in the segment",
            )


def _membership(view: SegmentView, environment: str | None, segment: Segment, name: str) -> Where:
    if name in segment.members:
        path = _prefix(view, environment, "members")
        return view.where((*path, "members", segment.members.index(name)))
    return Where(f"{_folder(view)}/{segment.members_file}")


def _prefix(view: SegmentView, environment: str | None, field: str) -> Path:
    overlay = view.segment.environments.get(environment or "")
    if environment is not None and overlay is not None and said(overlay, field) is not None:
        return ("environments", environment)
    return ()


def _ids(view: SegmentView, segment: Segment) -> Iterator[str]:
    yield from segment.members
    if segment.members_file is not None:
        listed = view.tenant.files.members.get(f"{_folder(view)}/{segment.members_file}")
        if listed is not None:
            yield from listed.ids or ()


def check_unused_members_files(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report member lists that no segment names."""
    if not tenant.files.members:
        return
    used: set[str] = set()
    unread: set[str] = set()
    for name, file in tenant.files.segments.items():
        folder = file.path.rpartition("/")[0]
        used.update(f"{folder}/{each}" for each in tenant.segment_mentions(name).lists)
        if not file.is_readable:
            unread.add(folder)
    for path in sorted(tenant.files.members):
        folder, _, name = path.rpartition("/")
        if path not in used and folder not in unread:
            yield diagnostic(
                "B703",
                f"no segment names the member list {name}",
                Where(path),
                help=f"add `members_file: {name}` to a segment in {folder}/, or remove the list",
            )
