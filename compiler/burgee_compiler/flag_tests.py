"""Running the tests that stand in flags and segments, with the production evaluator."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from burgee.evaluation.conditions import Segment
from burgee.evaluation.shares import TooManyCells
from burgee.evaluation.tenant import TenantFlags
from burgee.instants import format_instant
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import FlagForm
from burgee.snapshot.members import MemberList
from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic
from burgee_compiler.emit.conditions import Segments
from burgee_compiler.emit.tenant import TenantForms
from burgee_compiler.judging import ClockAsked, clock_of, judge, reached_by, seen_by
from burgee_compiler.memo import Reached, TestRecord
from burgee_compiler.model.flag_test import FlagTest, SegmentTest
from burgee_compiler.progress import told
from burgee_compiler.repository import SourceFile, TenantFiles

__all__ = ["TestOutcome", "flags_of", "run_tests"]


class TestOutcome(Struct, frozen=True):
    """One test in one environment; `found` is None where it passed."""

    __test__ = False  # pytest would collect the name

    subject: str
    name: str
    environment: str
    found: Diagnostic | None
    index: int = 0
    """Which of the definition's tests it is."""
    reached: tuple[Reached, ...] = ()


def flags_of(forms: TenantForms) -> TenantFlags:
    """Return a tenant's flags as an edge node would hold them."""
    segments = {name: Raw(data) for name, data in forms.segments.items()}
    members = {name: MemberList(data) for name, data in forms.members.items()}
    return TenantFlags(forms.tenant, forms.entries, segments, members.__getitem__)


def run_tests(
    files: TenantFiles,
    forms: TenantForms,
    select: str | None = None,
    *,
    without: Collection[str] = (),
    only: Collection[str] | None = None,
) -> Iterator[TestOutcome]:
    """Run a tenant's tests in the environment of `forms`; `select` is part of a flag or name.

    Tests of the flags in `without` are left out, and of segments that stand there as @NAME; with
    `only`, all but those of the flags in it.
    """
    runs = _Runs(files, forms, select)
    for key, file in told("testing", sorted(files.flags.items())):
        if key in without or not file.is_readable or key not in forms.entries:
            continue
        if only is not None and key not in only:
            continue
        yield from runs.of(key, file, runs.flag)
    for name, file in sorted(files.segments.items()) if only is None else ():
        if f"@{name}" in without or not file.is_readable:
            continue
        yield from runs.of(f"@{name}", file, runs.segment)


class _Runs:
    """Runs the tests of one tenant in one environment, but for those whose outcome is known."""

    def __init__(self, files: TenantFiles, forms: TenantForms, select: str | None) -> None:
        self._files = files
        self._forms = forms
        self._select = select
        self._memo = files.memo.environment(forms.environment)
        self._segments = Segments(files, forms.environment)

    def of(
        self,
        name: str,
        file: SourceFile,
        run: Callable[[SourceFile], Iterator[TestRecord]],
    ) -> Iterator[TestOutcome]:
        """Yield how the tests of a definition went."""
        known = self._memo.tests(name) if self._select is None else None
        if known is None:
            known = tuple(run(file))
            if self._select is None:
                self._memo.keep_tests(name, known)
        subject = f"{self._files.name}/{name}"
        for each in known:
            yield TestOutcome(
                subject, each.name, self._forms.environment, each.found, each.index, each.reached
            )

    @cached_property
    def _flags(self) -> TenantFlags:
        return flags_of(self._forms)

    def flag(self, file: SourceFile) -> Iterator[TestRecord]:
        """Run the tests of a flag."""
        flag = file.flag
        assert flag is not None
        for index, test in self._chosen(flag.tests, file.name):
            found, reached = _run_flag_test(self._flags, file, test, index, self._forms)
            yield TestRecord(_name(test.it, index), index, found, reached)

    def segment(self, file: SourceFile) -> Iterator[TestRecord]:
        """Run the tests of a segment."""
        segment = file.segment
        assert segment is not None
        chosen = list(self._chosen(segment.tests, file.name))
        if not chosen:
            return
        digest = self._segments.digest_of(file.name)
        made = self._segments
        forms = TenantForms(
            self._files.name, self._forms.environment, {}, made.forms, made.members, {}
        )
        prepared = flags_of(forms).segment(digest)
        for index, test in chosen:
            found = _run_segment_test(prepared, file, test, index, self._forms)
            yield TestRecord(_name(test.it, index), index, found)

    def _chosen(self, tests: tuple[Any, ...], name: str) -> Iterator[tuple[int, Any]]:
        environment, select = self._forms.environment, self._select
        for index, test in enumerate(tests):
            here = test.environment is None or test.environment == environment
            if here and (select is None or select in name or select in (test.it or "")):
                yield index, test


def _run_segment_test(
    segment: Segment, file: SourceFile, test: SegmentTest, index: int, forms: TenantForms
) -> Diagnostic | None:
    subject = f"{forms.tenant}/@{file.name}"
    try:
        holds = segment.holds(test.context, clock_of(test), None)
    except ClockAsked:
        return _needs_time(file, index, subject, None)
    return _judge_member(file, test, index, holds, forms.environment, subject)


def _judge_member(
    file: SourceFile, test: SegmentTest, index: int, holds: bool, environment: str, subject: str
) -> Diagnostic | None:
    if holds == test.expect.member:
        return None
    what = "is in the segment" if holds else "is not in the segment"
    return diagnostic(
        "B601",
        f"{_title(test.it, index)} fails in {environment}: the context {what}",
        Where(file.path, ("tests", index, "expect", "member")),
        help="mend the segment or the expectation",
        subject=subject,
    )


def _name(it: str | None, index: int) -> str:
    return it or f"test {index + 1}"


def _title(it: str | None, index: int) -> str:
    return f'test "{it}"' if it else f"test {index + 1}"


def _run_flag_test(
    flags: TenantFlags, file: SourceFile, test: FlagTest, index: int, forms: TenantForms
) -> tuple[Diagnostic | None, tuple[Reached, ...]]:
    subject = f"{flags.tenant}/{file.name}"
    try:
        seen = seen_by(flags, file.name, test)
    except ClockAsked:
        return _needs_time(file, index, subject, _first_instant(flags, file.name)), ()
    except TooManyCells as error:
        return _too_wide(file, test, index, subject, error), ()
    wrong = judge(test.expect, seen)
    if wrong is None:
        return None, reached_by(seen)
    if any(each.reason == "flag_off" for _, each in seen):
        with suppress(ClockAsked, TooManyCells):
            seen_on = seen_by(_switched_on(forms, file.name), file.name, test)
            if judge(test.expect, seen_on) is None:
                return None, reached_by(seen_on)
    field, message = wrong
    failed = diagnostic(
        "B601",
        f"{_title(test.it, index)} fails in {forms.environment}: {message}",
        Where(file.path, ("tests", index, "expect", field)),
        help=f"`{_explain(file.name, test, forms)}` shows each step; "
        "mend the flag or the expectation",
        subject=subject,
    )
    return failed, reached_by(seen)


def _switched_on(forms: TenantForms, key: str) -> TenantFlags:
    """Return a tenant's flags with one of them switched on.

    A failing test keeps its flag at the last good form: it must not hold up a kill switch, so what
    held while the flag was on still does.
    """
    digest, raw = forms.entries[key]
    form = msgspec.json.decode(raw, type=FlagForm)
    on = replace(form, phases=tuple(replace(each, state="on") for each in form.phases))
    entries = {**forms.entries, key: (digest, Raw(canonical(on)))}
    return flags_of(replace(forms, entries=entries))


def _too_wide(
    file: SourceFile, test: FlagTest, index: int, subject: str, error: TooManyCells
) -> Diagnostic:
    return diagnostic(
        "B603",
        f"{_title(test.it, index)} asks for shares that have {error}",
        Where(file.path, ("tests", index, "expect", "shares")),
        help="narrow the context so that fewer rules hold, or expect a variant with a bucket",
        subject=subject,
    )


def _explain(key: str, test: FlagTest, forms: TenantForms) -> str:
    """Return the command that asks what the test asks, to be pasted into a shell."""
    words = ["burgee", "explain", key, "--tenant", forms.tenant, "--environment", forms.environment]
    context = canonical(test.context).decode()
    if test.context and len(context) <= _SHOWN:
        words += ["--context", context]
    if test.at is not None:
        words += ["--at", format_instant(test.at)]
    return shlex.join(words)


_SHOWN: Final = 500  # characters of a context that a command line takes


def _first_instant(flags: TenantFlags, key: str) -> int | None:
    flag = flags.get(key)
    if flag is None:
        return None
    phases = flag.definition().phases
    instants = [phase.form.at for phase in phases]
    for phase in phases:
        instants += [rule.starts for rule in phase.rules]
    return next((each for each in instants if each is not None), None)


def _needs_time(file: SourceFile, index: int, subject: str, instant: int | None) -> Diagnostic:
    line = f"at: {format_instant(instant)}" if instant is not None else "at: 2026-12-01T00:00:00Z"
    return diagnostic(
        "B602",
        "the test depends on the time and does not say it",
        Where(file.path, ("tests", index)),
        help=f"add a clock to the test, such as `{line}`",
        subject=subject,
    )
