"""Promise: no rule that somebody reaches, anywhere or at any time, is said to be unreachable."""

from __future__ import annotations

import pytest

from support.checking import FLAG, check_files, short

WIDE = "{name: wide, when: {attribute: c, in: [DE, AT]}, serve: on%s}"
NARROW = "{name: narrow, when: {attribute: c, eq: DE}, serve: off%s}"
SPLIT = "{name: wide, when: {attribute: c, in: [DE, AT]}, serve: {split: {on: 1, off: 1}}%s}"


def said(text: str) -> list[str]:
    found = check_files({FLAG: text}, advice=True)
    return [short(each) for each in found if each.code in ("B712", "B713")]


def rules(*each: str) -> str:
    return f"default: off\nrules: [{', '.join(each)}]\n"


@pytest.mark.parametrize(
    "more",
    [
        "percentage: 99.999",
        "percentage: {from: 100, to: 100, start: 2026-01-01, end: 2026-01-02}",
        "starts: 2026-01-01",
        "ends: 2026-01-01",
        "environments: {staging: {percentage: 5}}",
        "environments: {staging: {when: {attribute: c, eq: FR}}}",
        "schedule: [{at: 2026-01-01, set: {percentage: 50}}]",
        "schedule: [{at: 2026-01-01, set: {when: {attribute: c, eq: FR}}}]",
        "experiment: {status: draft, control: off}",
    ],
)
def test_what_lets_others_past(more: str) -> None:
    assert said(rules(WIDE % f", {more}", NARROW % "")) == []


@pytest.mark.parametrize("more", ["", ", percentage: 100", ", by: user.id"])
def test_what_lets_nobody_past(more: str) -> None:
    assert said(rules(WIDE % more, NARROW % "")) == ["B712 rules.1.name"]
    assert said(rules(SPLIT % more, NARROW % "")) == ["B712 rules.1.name"]


def test_who_has_no_unit_goes_past() -> None:
    assert said(rules(SPLIT % ", by: account.id", NARROW % "")) == []
    assert said("by: account.id\n" + rules(SPLIT % "", NARROW % "")) == []
    assert said(rules(WIDE % ", by: account.id", NARROW % "")) == ["B712 rules.1.name"]


def test_a_draft_is_yet_to_come() -> None:
    draft = ", experiment: {status: draft, control: off}"
    assert said(rules("{name: all, serve: on}", NARROW % draft)) == []


def test_lists_that_replace_each_other_are_looked_at_apart() -> None:
    text = rules("{name: all, serve: on}", NARROW % "")
    text += "environments: {staging: {rules: [%s]}}\n" % (NARROW % "")
    assert said(text) == ["B713 rules.1.name"]
    replaced = "environments: {staging: {rules: []}, production: {rules: []}}\n"
    assert said(rules("{name: all, serve: on}", NARROW % "") + replaced) == []


def test_a_step_that_brings_rules() -> None:
    step = "schedule: [{at: 2026-12-01, set: {rules: [{name: all, serve: on}, %s]}}]\n"
    text = f"default: off\n{step % (NARROW % '')}"
    assert said(text) == ["B713 schedule.0.set.rules.1.name"]
    named = "environments: {staging: {rules: []}, production: {rules: []}}\n"
    assert said(text + named) == []


def test_several_together() -> None:
    ages = ["{name: a, when: {attribute: n, lt: 5}, serve: on}"]
    ages += ["{name: b, when: {attribute: n, gte: 5, lt: 9}, serve: on}"]
    asks = "{name: c, when: {attribute: n, gt: 1, lt: %s}, serve: off}"
    assert said(rules(*ages, asks % 9)) == ["B712 rules.2.name"]
    assert said(rules(*ages, asks % 10)) == []
