"""Running the tests that stand in flags and segments, with the production evaluator."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, NoReturn

from msgspec import UNSET, Raw, Struct

from burgee.buckets import SLOTS
from burgee.evaluation.conditions import Segment
from burgee.evaluation.result import Result
from burgee.evaluation.run import Slots
from burgee.evaluation.shares import TooManyCells, pinned_slots, shares
from burgee.evaluation.tenant import TenantFlags
from burgee.instants import format_instant
from burgee.snapshot.canonical import canonical
from burgee.snapshot.members import MemberList
from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic
from burgee_compiler.emit.conditions import Segments
from burgee_compiler.emit.tenant import TenantForms
from burgee_compiler.memo import TestRecord
from burgee_compiler.model.flag_test import CALLERS_DEFAULT, Expect, FlagTest, SegmentTest
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


class _ClockAsked(Exception):
    """An evaluation compared something with a clock that the test does not state."""


class _NoClock:
    """Stands in for the clock of a test without `at`: whoever looks at it is found out."""

    def _asked(self, other: object) -> NoReturn:
        raise _ClockAsked

    __lt__ = __le__ = __gt__ = __ge__ = __sub__ = __rsub__ = __add__ = __radd__ = _asked


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
            yield TestOutcome(subject, each.name, self._forms.environment, each.found)

    @cached_property
    def _flags(self) -> TenantFlags:
        return flags_of(self._forms)

    def flag(self, file: SourceFile) -> Iterator[TestRecord]:
        """Run the tests of a flag."""
        flag = file.flag
        assert flag is not None
        for index, test in self._chosen(flag.tests, file.name):
            found = _run_flag_test(self._flags, file, test, index, self._forms)
            yield TestRecord(_name(test.it, index), found)

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
            yield TestRecord(_name(test.it, index), found)

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
        holds = segment.holds(test.context, _clock(test), None)
    except _ClockAsked:
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


def _clock(test: FlagTest | SegmentTest) -> Any:
    return _NoClock() if test.at is None else test.at


def _run_flag_test(
    flags: TenantFlags, file: SourceFile, test: FlagTest, index: int, forms: TenantForms
) -> Diagnostic | None:
    subject = f"{flags.tenant}/{file.name}"
    slots: Slots | None = None
    if test.bucket is not None:
        slots = pinned_slots(math.floor(Fraction(test.bucket) * SLOTS))
    clock = _clock(test)
    try:
        if test.expect.shares is not UNSET:
            wrong = _judge_shares(flags, file.name, test, test.expect.shares, clock)
        else:
            wrong = _judge(flags.evaluate(file.name, test.context, clock, slots), test.expect)
    except _ClockAsked:
        return _needs_time(file, index, subject, _first_instant(flags, file.name))
    except TooManyCells as error:
        return diagnostic(
            "B603",
            f"{_title(test.it, index)} asks for shares that have {error}",
            Where(file.path, ("tests", index, "expect", "shares")),
            help="narrow the context so that fewer rules hold, or expect a variant with a bucket",
            subject=subject,
        )
    if wrong is None:
        return None
    field, message = wrong
    return diagnostic(
        "B601",
        f"{_title(test.it, index)} fails in {forms.environment}: {message}",
        Where(file.path, ("tests", index, "expect", field)),
        help=f"`{_explain(file.name, test, forms)}` shows each step; "
        "mend the flag or the expectation",
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


def _judge(result: Result, expect: Expect) -> tuple[str, str] | None:
    """Return the first expectation that is not met, and how."""
    seen = f"(reason {result.reason}" + (f", rule {result.rule})" if result.rule else ")")
    for field in ("variant", "reason", "rule", "experiment"):
        wanted, got = getattr(expect, field), getattr(result, field)
        if wanted is not UNSET and wanted != got:
            return field, f"expected {field} {wanted}, got {got or 'none'} {seen}"
    if expect.value is not UNSET and not _same_value(expect.value, result.value):
        wanted, got = canonical(expect.value).decode(), canonical(result.value).decode()
        return "value", f"expected value {wanted}, got {got} {seen}"
    return None


def _same_value(wanted: Any, got: Any) -> bool:
    if isinstance(got, float) and isinstance(wanted, int) and not isinstance(wanted, bool):
        return float(wanted) == got
    return canonical(wanted) == canonical(got)


def _judge_shares(
    flags: TenantFlags, key: str, test: FlagTest, wanted: Mapping[str, Decimal], clock: Any
) -> tuple[str, str] | None:
    total: dict[str, Fraction] = {}
    for share, result in shares(lambda slots: flags.evaluate(key, test.context, clock, slots)):
        name = result.variant or CALLERS_DEFAULT
        total[name] = total.get(name, Fraction(0)) + share
    got = {name: _percent(share) for name, share in total.items()}
    for name in sorted({*wanted, *got}):
        expected = wanted.get(name, Decimal(0))
        if got.get(name, Decimal(0)) != expected:
            shown = ", ".join(f"{each}: {got[each].normalize():f}" for each in sorted(got))
            return "shares", f"expected {expected} % of {name}; the shares are {{{shown}}}"
    return None


def _percent(share: Fraction) -> Decimal:
    """Return a share in percent, rounded to three decimals, halves up."""
    return Decimal(math.floor(share * 100_000 + Fraction(1, 2))) / 1000


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
