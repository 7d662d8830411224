"""B305: every environment that a file names is one that burgee.yaml lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from burgee_compiler.checks.hints import listed
from burgee_compiler.checks.views import FlagView, LockView, SegmentView
from burgee_compiler.checks.walk import Path
from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic, nearest
from burgee_compiler.model.files import Burgee

__all__ = [
    "check_flag_environments",
    "check_lock_environments",
    "check_policy_environments",
    "check_segment_environments",
]

_Report = Callable[..., Diagnostic]


def check_flag_environments(view: FlagView) -> Iterator[Diagnostic]:
    """Report unknown environments of overlays and tests of a flag."""
    known = view.tenant.environments
    yield from _keys(view.finding_at_key, (), view.flag.environments, known)
    for path, rule in view.rules:
        yield from _keys(view.finding_at_key, path, rule.environments, known)
    for index, test in enumerate(view.flag.tests):
        path = ("tests", index, "environment")
        yield from _named(view.finding, path, test.environment, known)


def check_segment_environments(view: SegmentView) -> Iterator[Diagnostic]:
    """Report unknown environments of overlays and tests of a segment."""
    known = view.tenant.environments
    yield from _keys(view.finding_at_key, (), view.segment.environments, known)
    for index, test in enumerate(view.segment.tests):
        path = ("tests", index, "environment")
        yield from _named(view.finding, path, test.environment, known)


def check_lock_environments(view: LockView) -> Iterator[Diagnostic]:
    """Report unknown environments of a lock's tables."""
    for index, table in enumerate(view.lock.tables):
        for number, name in enumerate(table.environments):
            path = ("tables", index, "environments", number)
            yield from _named(view.finding, path, name, view.tenant.environments)


def check_policy_environments(burgee: Burgee) -> Iterator[Diagnostic]:
    """Report unknown environments of the policy."""

    def report(code: str, message: str, path: Path, help: str) -> Diagnostic:
        return diagnostic(code, message, Where("burgee.yaml", path), help=help)

    for index, line in enumerate(burgee.policy):
        for number, name in enumerate(line.environments):
            path = ("policy", index, "environments", number)
            yield from _named(report, path, name, burgee.environments)


def _keys(
    report: _Report, path: Path, names: Iterable[str], known: tuple[str, ...]
) -> Iterator[Diagnostic]:
    for name in names:
        yield from _named(report, (*path, "environments", name), name, known)


def _named(
    report: _Report, path: Path, name: str | None, known: tuple[str, ...]
) -> Iterator[Diagnostic]:
    if name is None or not known or name in known:
        return
    near = nearest(name, known)
    yield report(
        "B305",
        f'there is no environment "{name}"',
        path,
        help=f'did you mean "{near}"?' if near else f"burgee.yaml lists: {listed(known)}",
    )
