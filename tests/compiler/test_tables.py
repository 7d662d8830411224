"""Promise: a split's table is the recorded one moved least, step after step of its schedule."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from burgee.instants import format_instant
from support.forms import flag_form, ranges_of

Table: TypeAlias = dict[str, list[tuple[int, int]]]

HEAD = "variants: [a, b, c]\n"
HALVES = HEAD + "default: {split: {a: 50, b: 50}}\n"
SWAPPED = "{a: [[50000, 100000]], b: [[0, 50000]]}"


def lock(*entries: str) -> str:
    return "tables:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def entry(
    table: str = "default",
    weights: str = "{a: 50, b: 50}",
    ranges: str = SWAPPED,
    environments: str = "[staging, production]",
    at: str = "",
) -> str:
    rest = f"environments: {environments}, weights: {weights}, ranges: {ranges}"
    return f"table: {table}, {f'at: {at}, ' if at else ''}{rest}"


def tables(
    text: str, lock: str = "tables: []\n", environment: str = "production", table: str = "default"
) -> dict[str, Table]:
    """The table in effect from each instant on."""
    form = flag_form(text, environment, lock=lock)
    return {
        "" if phase.at is None else format_instant(phase.at)[:10]: ranges_of(form, phase, table)
        for phase in form.phases
    }


CANONICAL: Table = {"a": [(0, 50_000)], "b": [(50_000, 100_000)]}
RECORDED: Table = {"a": [(50_000, 100_000)], "b": [(0, 50_000)]}


def steps(*splits: str) -> str:
    each = (
        f"  - {{at: 2026-0{n}-01, set: {{default: {split}}}}}\n"
        for n, split in enumerate(splits, 1)
    )
    return "schedule:\n" + "".join(each)


def test_without_a_lock_a_table_is_canonical() -> None:
    assert tables(HALVES) == {"": CANONICAL}


def test_a_lock_is_the_table() -> None:
    assert tables(HALVES, lock(entry())) == {"": RECORDED}


def test_a_lock_holds_where_it_says_so() -> None:
    only = lock(entry(environments="[staging]"))
    assert tables(HALVES, only, "staging") == {"": RECORDED}
    assert tables(HALVES, only, "production") == {"": CANONICAL}


def test_environments_may_have_tables_of_their_own() -> None:
    other = "{a: [[0, 25000], [75000, 100000]], b: [[25000, 75000]]}"
    both = lock(entry(environments="[staging]"), entry(environments="[production]", ranges=other))
    assert tables(HALVES, both, "staging") == {"": RECORDED}
    assert tables(HALVES, both)[""]["b"] == [(25_000, 75_000)]


def test_a_lock_of_other_weights_is_a_base() -> None:
    found = tables(HEAD + "default: {split: {a: 60, b: 40}}\n", lock(entry()))[""]
    # b gives up its highest slots: canonically they are a's
    assert found == {"a": [(40_000, 100_000)], "b": [(0, 40_000)]}


@pytest.mark.parametrize(
    "ranges",
    [
        "{a: [[50000, 75000], [75000, 100000]], b: [[0, 50000]]}",
        "{b: [[0, 50000]], a: [[75000, 100000], [50000, 75000]]}",
    ],
)
def test_how_a_lock_is_written_does_not_matter(ranges: str) -> None:
    text = HALVES
    assert flag_form(text, lock=lock(entry(ranges=ranges))) == flag_form(text, lock=lock(entry()))


def test_an_arm_that_is_gone_gives_its_slots_to_the_others() -> None:
    old = entry(
        weights="{a: 50, b: 25, c: 25}",
        ranges="{a: [[0, 50000]], b: [[50000, 75000]], c: [[75000, 100000]]}",
    )
    assert tables(HALVES, lock(old)) == {"": CANONICAL}


def test_a_table_that_is_gone_is_passed_over() -> None:
    assert tables(HALVES, lock(entry(table="old-rule"))) == {"": CANONICAL}


def test_a_rule_has_its_own_table() -> None:
    text = HALVES + "rules:\n  - {name: r, serve: {split: {a: 50, b: 50}}}\n"
    both = lock(entry(table="r"))
    assert tables(text, both, table="r") == {"": RECORDED}
    assert tables(text, both) == {"": CANONICAL}


def test_a_step_moves_the_table_before_it() -> None:
    text = HALVES + steps("{split: {a: 60, b: 40}}", "{split: {a: 50, b: 50}}")
    assert tables(text, lock(entry())) == {
        "": RECORDED,
        "2026-01-01": {"a": [(40_000, 100_000)], "b": [(0, 40_000)]},
        # Not what was there at first: only from a canonical table does going back give it back.
        "2026-02-01": {"a": [(40_000, 90_000)], "b": [(0, 40_000), (90_000, 100_000)]},
    }


def test_a_step_with_its_own_entry_starts_from_it() -> None:
    text = HALVES + steps("{split: {a: 60, b: 40}}")
    own = entry(
        at="2026-01-01", weights="{a: 60, b: 40}", ranges="{b: [[60000, 100000]], a: [[0, 60000]]}"
    )
    found = tables(text, lock(entry(), own))
    assert found == {"": RECORDED, "2026-01-01": {"a": [(0, 60_000)], "b": [(60_000, 100_000)]}}


def test_also_where_it_sets_the_same_weights() -> None:
    text = HALVES + steps("{split: {a: 50, b: 50}}")
    own = entry(at="2026-01-01", ranges="{a: [[0, 50000]], b: [[50000, 100000]]}")
    assert tables(text, lock(entry(), own)) == {"": RECORDED, "2026-01-01": CANONICAL}
    assert tables(text, lock(entry())) == {"": RECORDED}


def test_a_step_of_something_else_leaves_the_table() -> None:
    text = HALVES + "schedule: [{at: 2026-01-01, set: {state: off}}]\n"
    stray = entry(at="2026-01-01", ranges="{a: [[0, 50000]], b: [[50000, 100000]]}")
    assert list(tables(text, lock(entry(), stray)).values()) == [RECORDED, RECORDED]


def test_a_split_after_a_lone_variant_is_canonical_or_its_own_entry() -> None:
    text = HEAD + "default: a\n" + steps("{split: {a: 50, b: 50}}")
    everyone: Table = {"a": [(0, 100_000)]}
    assert tables(text) == {"": everyone, "2026-01-01": CANONICAL}
    # An entry without `at` is of a table that is there from the beginning, and there is none.
    assert tables(text, lock(entry())) == {"": everyone, "2026-01-01": CANONICAL}
    assert tables(text, lock(entry(at="2026-01-01"))) == {"": everyone, "2026-01-01": RECORDED}


def test_a_lone_variant_between_two_splits_ends_the_first() -> None:
    text = HALVES + steps("c", "{split: {a: 50, b: 50}}")
    assert tables(text, lock(entry())) == {
        "": RECORDED,
        "2026-01-01": {"c": [(0, 100_000)]},
        "2026-02-01": CANONICAL,
    }


def test_a_rule_that_a_step_takes_away_and_another_brings_back() -> None:
    rule = "{name: r, serve: {split: {a: 50, b: 50}}}"
    text = (
        HEAD + f"default: a\nrules: [{rule}]\nschedule:\n"
        "  - {at: 2026-01-01, set: {rules: []}}\n"
        f"  - {{at: 2026-02-01, set: {{rules: [{rule}]}}}}\n"
    )
    form = flag_form(text, lock=lock(entry(table="r")))
    first, second, third = form.phases
    assert ranges_of(form, first, "r") == RECORDED
    assert not second.rules
    assert ranges_of(form, third, "r") == CANONICAL


def test_a_rule_s_own_steps_move_its_table() -> None:
    text = (
        HEAD + "default: a\nrules:\n  - name: r\n    serve: {split: {a: 50, b: 50}}\n"
        "    schedule:\n      - {at: 2026-01-01, set: {percentage: 10}}\n"
        "      - {at: 2026-02-01, set: {serve: {split: {a: 25, b: 75}}}}\n"
    )
    found = tables(text, lock(entry(table="r")), table="r")
    assert found[""] == found["2026-01-01"] == RECORDED
    assert found["2026-02-01"] == {
        "a": [(50_000, 75_000)],
        "b": [(0, 50_000), (75_000, 100_000)],
    }


def test_weights_of_one_arm_need_no_table() -> None:
    form = flag_form(HEAD + "default: {split: {a: 100, b: 0}}\n")
    assert form.phases[0].default.split is None
    assert form.phases[0].default.serve == 0


def test_the_order_of_weights_does_not_matter() -> None:
    assert flag_form(HEAD + "default: {split: {b: 50, a: 50}}\n") == flag_form(HALVES)
    assert flag_form(HEAD + "default: {split: {b: 0.5, a: 0.50}}\n") == flag_form(HALVES)
