"""Promise: shares that can be worked out with pen and paper are what the plan says."""

from __future__ import annotations

from fractions import Fraction

import pytest

from burgee.instants import parse_instant
from burgee_compiler.plan.compare import Revision, plan
from burgee_compiler.plan.report import EnvironmentPlan
from support.memory_tree import repository_of

NOW = parse_instant("2026-11-27T12:00:00Z") or 0
BESIDE = {
    "burgee.yaml": "environments: [production]\n",
    "acme/attributes.yaml": "plan: {type: string}\n",
}
Files = dict[str, str]


def planned(before: Files, after: Files) -> dict[str, EnvironmentPlan]:
    """Return what changes, by flag."""
    sides = [
        Revision(name, repository_of({**BESIDE, **each}))
        for name, each in (("base", before), ("head", after))
    ]
    made = plan(sides[0], sides[1], NOW, set(before) | set(after), ())
    return {flag.flag: flag.environments[0] for flag in made.flags}


def moved(before: str, after: str) -> list[tuple[str, str, Fraction]]:
    """Return who moves of a flag whose text changes, as parts of everyone or of the only group."""
    found = planned({"acme/flags/f.yaml": before}, {"acme/flags/f.yaml": after})
    (group,) = found["f"].groups
    return sorted((str(move.before), str(move.after), move.share.fraction) for move in group.moves)


def both(one: str, other: str, share: Fraction) -> list[tuple[str, str, Fraction]]:
    return sorted([(one, other, share), (other, one, share)])


GATE = "default: {serve: on, percentage: %s}\n"
SPLIT = "variants: [a, b, c]\ndefault: {split: %s}\n"
CASES = {
    "a gate only lets more in": (
        GATE % 10,
        GATE % 20,
        [("off", "on", Fraction(1, 10))],
    ),
    "a third arm, dealt anew": (
        SPLIT % "{a: 50, b: 50}",
        SPLIT % "{a: 40, b: 40, c: 20}",
        [("a", "b", Fraction(1, 10)), ("b", "c", Fraction(1, 5))],
    ),
    "a gate by another unit is another draw": (
        GATE % 30,
        GATE % 30 + "by: account.id\n",
        both("off", "on", Fraction(3, 10) * Fraction(7, 10)),
    ),
    "a gate under another seed is": (
        GATE % 30,
        GATE % 30 + "seed: other\n",
        both("off", "on", Fraction(3, 10) * Fraction(7, 10)),
    ),
    "a split by another unit is": (
        SPLIT % "{a: 25, b: 75}",
        SPLIT % "{a: 25, b: 75}" + "by: account.id\n",
        both("a", "b", Fraction(1, 4) * Fraction(3, 4)),
    ),
    "user.id is the targeting key": (
        GATE % 30,
        GATE % 30 + "by: user.id\nmetadata: {a: 1}\n",
        [],
    ),
    "gate and split are two draws": (
        "default: {serve: {split: {on: 50, off: 50}}, percentage: 40}\n",
        "default: {serve: {split: {on: 100, off: 0}}, percentage: 40}\n",
        [("off", "on", Fraction(2, 10))],
    ),
    "two gates under two names": (
        "rules:\n  - {name: one, percentage: 50, serve: on}\ndefault: off\n",
        (
            "rules:\n  - {name: one, percentage: 50, serve: on}\n"
            "  - {name: two, percentage: 50, serve: on}\ndefault: off\n"
        ),
        [("off", "on", Fraction(1, 4))],
    ),
    "what is shadowed moves nobody": (
        "rules:\n  - {name: one, serve: on}\n  - {name: two, serve: off}\ndefault: off\n",
        "rules:\n  - {name: one, serve: on}\n  - {name: two, serve: on}\ndefault: off\n",
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_of_one_flag(case: str) -> None:
    before, after, expected = CASES[case]
    found = planned({"acme/flags/f.yaml": before}, {"acme/flags/f.yaml": after})
    if not expected:
        assert found["f"].groups == ()
    else:
        assert moved(before, after) == expected


HIGH = "requires: [{flag: low, serves: [%s]}]\ndefault: on\n"


def test_a_prerequisite_counts_with_its_tables() -> None:
    high = {"acme/flags/high.yaml": HIGH % "on"}
    low = [{"acme/flags/low.yaml": GATE % share} for share in (10, 30)]
    (group,) = planned({**high, **low[0]}, {**high, **low[1]})["high"].groups
    assert group.who == ()
    assert [(each.before, each.after, each.share.fraction) for each in group.moves] == [
        ("off", "on", Fraction(1, 5))
    ]


def test_one_that_is_asked_for_both_ways() -> None:
    rules = (
        "rules:\n  - {name: no, when: {not: {flag: low, serves: [on]}}, serve: on}\n"
        "  - {name: yes, when: [{flag: low, serves: [on]}, {attribute: plan, eq: a}], serve: on}\n"
        "default: off\n"
    )
    low = [{"acme/flags/low.yaml": GATE % share} for share in (10, 30)]
    high = {"acme/flags/high.yaml": rules}
    (group,) = planned({**high, **low[0]}, {**high, **low[1]})["high"].groups
    assert group.who == (("not the rest of yes",),)
    assert [(each.before, each.after, each.share.fraction) for each in group.moves] == [
        ("on", "off", Fraction(1, 5))
    ]


@pytest.mark.parametrize(("serves", "expected"), [("on", [Fraction(1, 10)]), ("off", [])])
def test_a_prerequisite_that_is_the_same_for_all_is_no_fact(
    serves: str, expected: list[Fraction]
) -> None:
    low = {"acme/flags/low.yaml": "default: on\n"}
    need = f"requires: [{{flag: low, serves: [{serves}]}}]\n"
    high = [{"acme/flags/high.yaml": need + GATE % share} for share in (10, 20)]
    groups = planned({**low, **high[0]}, {**low, **high[1]})["high"].groups
    assert [each.who for each in groups] == [()] * len(expected)
    assert [each.moved.fraction for each in groups] == expected


def test_the_rest_of_a_condition_is_what_it_was() -> None:
    parts = "{flag: low, serves: [on]}, {attribute: plan, eq: a}, {attribute: country, eq: DE}"
    low = [{"acme/flags/low.yaml": GATE % share} for share in (10, 30)]
    for kind, word, who in (
        ("any", "or", "not the rest of who"),
        ("all", "and", "the rest of who"),
    ):
        rule = f"rules:\n  - {{name: who, when: {{{kind}: [{parts}]}}, serve: on}}\ndefault: off\n"
        high = {"acme/flags/high.yaml": rule}
        found = planned({**high, **low[0]}, {**high, **low[1]})["high"]
        assert [(each.who, each.moved.fraction) for each in found.groups] == [
            (((who,),), Fraction(1, 5))
        ]
        assert found.conditions == (("the rest of who", f'plan eq "a" {word} country eq "DE"'),)


def test_two_flags_of_one_seed_are_one_draw() -> None:
    seed = "seed: shared\n"
    high = {"acme/flags/high.yaml": f"requires: [{{flag: low, serves: [on]}}]\n{seed}{GATE % 40}"}
    low = [{"acme/flags/low.yaml": seed + GATE % share} for share in (10, 30)]
    (group,) = planned({**high, **low[0]}, {**high, **low[1]})["high"].groups
    assert group.moved.fraction == Fraction(1, 5)


def test_those_who_cannot_be_are_no_group() -> None:
    rule = "rules:\n  - {name: who, when: {attribute: plan, in: [%s]}, serve: on}\ndefault: off\n"
    found = planned({"acme/flags/f.yaml": rule % "a, b"}, {"acme/flags/f.yaml": rule % "a, b, c"})
    assert [each.who for each in found["f"].groups] == [(("who (after)", "not who (before)"),)]


def test_the_largest_share_is_found_between_two_steps() -> None:
    """Two moving gates under two seeds: most disagree in the middle."""
    moving = (
        "default: {serve: on, percentage: {from: 0, to: 100, start: 2027-01-01, end: 2027-01-03}}\n"
    )
    found = planned({"acme/flags/f.yaml": moving}, {"acme/flags/f.yaml": moving + "seed: other\n"})[
        "f"
    ]
    assert found.groups == ()
    assert found.worst_at == "2027-01-02T00:00:00Z"
    assert found.worst_moved is not None
    assert found.worst_moved.fraction == Fraction(1, 2)


def test_a_flag_that_is_off_is_taken_as_if_it_were_on() -> None:
    texts = [{"acme/flags/f.yaml": f"state: off\n{GATE % share}"} for share in (10, 60)]
    found = planned(*texts)["f"]
    assert (found.groups, found.worst_if_on, found.class_) == ((), True, "high")
    assert found.worst_moved is not None
    assert found.worst_moved.fraction == Fraction(1, 2)
