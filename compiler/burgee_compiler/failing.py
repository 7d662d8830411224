"""What a failed test expected, what came instead, and the evaluator's steps to that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import UNSET, Raw, Struct

from burgee.evaluation.run import Slots
from burgee.evaluation.shares import shares
from burgee.evaluation.tenant import TenantFlags
from burgee.evaluation.trace import ConditionTrace, Trace, explain
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import ConditionForm, FlagForm, OutcomeForm, PhaseForm, RuleForm
from burgee_compiler.emit.conditions import Segments
from burgee_compiler.emit.tenant import TenantForms
from burgee_compiler.flag_tests import TestOutcome, flags_of
from burgee_compiler.judging import Seen, expected_of, seen_by, slots_of, told_of
from burgee_compiler.model.flag_test import CALLERS_DEFAULT, FlagTest, SegmentTest
from burgee_compiler.repository import TenantFiles

__all__ = ["Failure", "why_failed"]

_PROBE: Final = "probe"


class Failure(Struct, frozen=True):
    """Expected and actual by field, and the trace: of a segment's test its condition's alone."""

    expected: dict[str, Any]
    actual: dict[str, Any]
    at: int | None
    trace: Trace | None = None
    condition: ConditionTrace | None = None


def why_failed(files: TenantFiles, forms: TenantForms, outcome: TestOutcome) -> Failure | None:
    """Return why a test of a flag or segment failed; None where it could not be run (B602, B603).

    The clock of a test without `at` is never looked at, so that any stands for it here.
    """
    if outcome.found is None or outcome.found.code != "B601":
        return None
    name = outcome.subject.partition("/")[2]
    if name.startswith("@"):
        segment = files.segments[name[1:]].segment
        assert segment is not None
        return _of_segment(files, forms, name[1:], segment.tests[outcome.index])
    flag = files.flags[name].flag
    assert flag is not None
    return _of_flag(flags_of(forms), name, flag.tests[outcome.index])


def _of_flag(flags: TenantFlags, key: str, test: FlagTest) -> Failure:
    seen = seen_by(flags, key, test)
    if test.expect.shares is UNSET:
        trace = explain(flags, key, test.context, test.at or 0, slots_of(test))
    else:
        trace = _share_trace(flags, key, test, seen)
    return Failure(expected_of(test.expect), told_of(test.expect, seen), test.at, trace)


def _share_trace(flags: TenantFlags, key: str, test: FlagTest, seen: Seen) -> Trace:
    """Return the steps to the first result whose variant has another share than expected."""
    expected, told = expected_of(test.expect)["shares"], told_of(test.expect, seen)["shares"]
    wrong = [
        index
        for index, (_, result) in enumerate(seen)
        if expected.get(_variant(result.variant), 0) != told[_variant(result.variant)]
    ]
    return _nth_trace(flags, key, test, wrong[0] if wrong else 0)


def _variant(name: str | None) -> str:
    return name or CALLERS_DEFAULT


def _nth_trace(flags: TenantFlags, key: str, test: FlagTest, wanted: int) -> Trace:
    """Walk the cells as the test did, and take down the steps of one of them."""
    found: list[Trace] = []
    walked = 0
    now = test.at or 0

    def evaluate(slots: Slots) -> Any:
        nonlocal walked
        walked += 1
        if walked - 1 != wanted:
            return flags.evaluate(key, test.context, now, slots)
        found.append(explain(flags, key, test.context, now, slots))
        return found[0].result

    shares(evaluate)
    return found[0]


def _of_segment(files: TenantFiles, forms: TenantForms, name: str, test: SegmentTest) -> Failure:
    """Explain a flag that serves who is in the segment: a trace has its condition."""
    segments = Segments(files, forms.environment)
    condition = ConditionForm(segment=segments.digest_of(name))
    rule = RuleForm(name=_PROBE, when=condition, serve=1)
    form = FlagForm(
        type="boolean",
        variants=(("off", False), ("on", True)),
        phases=(PhaseForm(default=OutcomeForm(serve=0), rules=(rule,)),),
    )
    entries: Mapping[str, tuple[str, Raw]] = {_PROBE: ("", Raw(canonical(form)))}
    probe = TenantForms(
        forms.tenant, forms.environment, dict(entries), segments.forms, segments.members, {}
    )
    trace = explain(flags_of(probe), _PROBE, test.context, test.at or 0)
    return Failure(
        {"member": test.expect.member},
        {"member": not test.expect.member},
        test.at,
        condition=trace.rules[0].when,
    )
