"""Promise: no slot of a layer has two owners, and experiments and layers agree on each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee.buckets import SLOTS
from burgee_compiler.checks.ranges import Claim, free_ranges, overlaps, percent
from support.checking import check_files, short

SPANS = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda pair: (pair[0], sum(pair)))


def claims_of(spans: list[tuple[int, int]]) -> list[Claim]:
    return [Claim(start, end, str(n), (n,)) for n, (start, end) in enumerate(spans)]


@given(st.lists(SPANS, max_size=8))
def test_overlaps_are_found_where_there_are_any(spans: list[tuple[int, int]]) -> None:
    claims = claims_of(spans)
    slots = [slot for start, end in spans for slot in range(start, end)]
    found = list(overlaps(claims))
    assert bool(found) == (len(set(slots)) < len(slots))
    assert len(found) < max(len(spans), 1)
    for one, other in found:
        assert one.start < other.end
        assert other.start < one.end
    free = {slot for start, end in free_ranges(claims) for slot in range(start, min(end, 99))}
    assert free | set(slots) == set(range(99))
    assert not free & set(slots)


def test_the_last_slot_may_be_taken() -> None:
    assert free_ranges(claims_of([(0, SLOTS)])) == []
    assert free_ranges([]) == [(0, SLOTS)]


@pytest.mark.parametrize(
    ("slots", "text"), [(0, "0"), (1, "0.001"), (12_500, "12.5"), (100_000, "100")]
)
def test_percent(slots: int, text: str) -> None:
    assert percent(slots) == text


RULE = """\
rules:
  - name: test
    experiment: {{status: {status}, control: off, layer: ui}}
    serve: {{split: {{on: 1, off: 1}}}}{more}
default: off
"""


def flag(status: str = "running", more: str = "") -> str:
    return RULE.format(status=status, more=f"\n    {more}" if more else "")


@pytest.mark.parametrize(
    ("text", "layers", "expected"),
    [
        (flag(), "ui: {slots: {a/test: [[0, 10]]}}", []),
        (flag(), "ui: {slots: {a/test: []}}", ["B405 rules.0.experiment.layer"]),
        (flag("draft"), "ui: {}", []),
        (flag("paused"), "ui: {}", []),
        (flag(), "{}", ["B304 rules.0.experiment.layer"]),
        (flag(more="by: user.id"), "ui: {slots: {a/test: [[0, 10]]}}", []),
        (flag(more="by: account.id"), "ui: {by: account.id, slots: {a/test: [[0, 10]]}}", []),
        (
            flag(more="environments: {staging: {by: account.id}}"),
            "ui: {slots: {a/test: [[0, 10]]}}",
            ["B413 rules.0.environments.staging.by"],
        ),
        (
            flag(more="environments: {staging: {percentage: 5}}"),
            "ui: {slots: {a/test: [[0, 10]]}}",
            ["B406 rules.0.environments.staging.percentage"],
        ),
        (
            flag(more="schedule: [{at: 2026-12-01, set: {percentage: 5}}]"),
            "ui: {slots: {a/test: [[0, 10]]}}",
            ["B406 rules.0.schedule.0.set.percentage"],
        ),
        (
            flag(
                "draft",
                "environments: {staging: {experiment: {status: running, control: off, layer: ui}}}",
            ),
            "ui: {}",
            ["B405 rules.0.environments.staging.experiment.layer"],
        ),
        (flag(), "ui: {slots: {a/test: [[0, 10]], a/tset: [[10, 11]]}}", ["B404 ui.slots.a/tset"]),
        (
            flag(),
            "ui: {slots: {a/test: [[0, 10]]}}\nnew: {slots: {a/test: [[0, 1]]}}",
            ["B404 new.slots.a/test"],
        ),
        (
            flag("draft"),
            "ui: {holdout: [[0, 5]], slots: {a/test: [[4.999, 10]]}}",
            ["B403 ui.slots.a/test.0"],
        ),
        # The later of two claims in the file is the finding, whatever its range.
        (
            flag("draft"),
            "ui: {slots: {a/test: [[50, 60], [0, 55]]}}",
            ["B403 ui.slots.a/test.1"],
        ),
    ],
)
def test_experiments_in_layers(text: str, layers: str, expected: list[str]) -> None:
    found = check_files({"acme/flags/a.yaml": text, "acme/layers.yaml": layers})
    assert [short(each) for each in found] == expected


def test_a_broken_layers_file_is_one_finding() -> None:
    found = check_files({"acme/flags/a.yaml": flag(), "acme/layers.yaml": "ui: {slot: {}}\n"})
    assert [each.code for each in found] == ["B201"]


def test_a_layer_is_the_subject() -> None:
    found = check_files(
        {"acme/flags/a.yaml": flag(), "acme/layers.yaml": "ui: {slots: {a/test: [[0, 9], [8, 9]]}}"}
    )
    assert [each.subject for each in found] == ["acme/layers/ui"]
