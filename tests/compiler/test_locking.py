"""Promise: whatever is edited, in whatever order, each table moves no slot more than it must.

Every sequence goes through what a person does: edit the flag's file, write the lock, build. Tables
are read from the snapshot that a node would load; what must move is counted apart from the product.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from burgee_compiler.allocate import Ranges, canonical_ranges, least_move, moved
from burgee_compiler.lock_text import read_lock
from burgee_compiler.locking import FlagAtRevision, relock, relocked
from burgee_compiler.model.files import Lock
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.rounds import rounds
from support.slow_evaluator import tables
from support.yaml_text import yaml_text

ENVIRONMENTS: Final = ("staging", "production")
ARMS: Final = ("a", "b", "c", "d", "10%", "é x")
STEPS: Final = ("2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z")
BEFORE: Final = 1_700_000_000_000_000
INSTANTS: Final = (BEFORE, 1_796_083_200_000_000, 1_796_688_000_000_000)
Written = dict[str, Any]
Spans = tuple[tuple[int, int, str], ...]
InEffect = dict[tuple[str, str, int], Spans]


class Edited:
    """A flag's file and its lock, as they are edited."""

    def __init__(self, flag: Written, lock: bytes | None = None) -> None:
        self.flag = flag
        self.lock = lock

    def files(self) -> dict[str, str | bytes]:
        made: dict[str, str | bytes] = {
            "burgee.yaml": yaml_text({"environments": list(ENVIRONMENTS)}),
            "acme/flags/f.yaml": yaml_text(self.flag),
        }
        return made if self.lock is None else {**made, "acme/flags/f.lock.yaml": self.lock}

    def revision(self) -> FlagAtRevision:
        tenant = repository_of(self.files()).tenants["acme"]
        flag = tenant.flags["f"].flag
        assert flag is not None
        lock = tenant.locks["f"].lock if "f" in tenant.locks else None
        return FlagAtRevision(key="f", flag=flag, lock=lock, environments=ENVIRONMENTS)

    def in_effect(self) -> InEffect:
        """Return every split by environment, table and instant, as a node has it."""
        found: InEffect = {}
        repository = repository_of(self.files())
        for environment in ENVIRONMENTS:
            flag = flags_of(repository, "acme", environment).get("f")
            assert flag is not None
            form = flag.definition().form
            names = [name for name, _ in form.variants]
            for at in INSTANTS:
                phase = flag.definition().phase_at(at).form
                for table, served in [
                    *((rule.name, rule) for rule in phase.rules),
                    ("default", phase.default),
                ]:
                    if served.split is not None:
                        spans = tuple((a, b, names[arm]) for a, b, arm in served.split.ranges)
                    else:
                        assert served.serve is not None
                        spans = ((0, 100_000, names[served.serve]),)
                    found[environment, table, at] = spans
        return found


def split(chooser: random.Random) -> Written:
    arms = chooser.sample(ARMS, chooser.randint(1, len(ARMS)))
    return {"split": {arm: chooser.choice((1, 5, 20, 33, 50, 90)) for arm in arms}}


def fresh(chooser: random.Random) -> Written:
    flag: Written = {"variants": list(ARMS), "default": split(chooser), "rules": []}
    for name in ("r", "s"):
        flag["rules"].append({"name": name, "serve": split(chooser)})
    flag["rules"][0]["environments"] = {"staging": {"serve": split(chooser)}}
    flag["schedule"] = [{"at": at, "set": {"default": split(chooser)}} for at in STEPS]
    flag["rules"][1]["schedule"] = [{"at": STEPS[0], "set": {"serve": split(chooser)}}]
    return flag


def places(flag: Written) -> Iterator[tuple[Written, str]]:
    """Yield each place of a flag that holds what is served."""
    yield flag, "default"
    for step in flag.get("schedule", []):
        yield step["set"], "default"
    for rule in flag["rules"]:
        yield rule, "serve"
        for step in rule.get("schedule", []):
            yield step["set"], "serve"
        for overlay in rule.get("environments", {}).values():
            yield overlay, "serve"


def edited(flag: Written, chooser: random.Random) -> Written:
    """Return the flag with the weights or arms of one table changed."""
    copy: Written = _copy(flag)
    holder, field = chooser.choice(list(places(copy)))
    weights = dict(holder[field]["split"])
    arm = chooser.choice(ARMS)
    if arm in weights and len(weights) > 1 and chooser.random() < 0.3:
        del weights[arm]
    else:
        weights[arm] = chooser.choice((1, 2, 10, 40, 66.6, 90))
    holder[field] = {"split": weights}
    return copy


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


def shares(spans: Spans) -> dict[str, int]:
    found: dict[str, int] = {}
    for start, end, arm in spans:
        found[arm] = found.get(arm, 0) + end - start
    return found


def changed(before: Spans, after: Spans) -> int:
    cuts = sorted({point for start, end, _ in (*before, *after) for point in (start, end)})
    owners = [{start: arm for start, _, arm in spans} for spans in (before, after)]
    count, now = 0, ["", ""]
    for start, end in pairwise(cuts):
        now = [each.get(start, last) for each, last in zip(owners, now, strict=True)]
        count += (end - start) * (now[0] != now[1])
    return count


def least(before: Spans, after: Spans) -> int:
    had, has = shares(before), shares(after)
    return sum(max(0, count - had.get(arm, 0)) for arm, count in has.items())


def excess(before: InEffect, after: InEffect) -> dict[tuple[str, str, int], tuple[int, int]]:
    """Return the tables in which more slots moved than had to, with both numbers."""
    pairs = {
        key: (changed(spans, after[key]), least(spans, after[key]))
        for key, spans in before.items()
        if key in after
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


@settings(max_examples=rounds(5, 100))
@given(st.integers(0, 2**32))
def test_twenty_edits_move_no_slot_more_than_they_must(seed: int) -> None:
    """Through rules, environments and schedules; the lock at the head lost or old now and then."""
    chooser = random.Random(seed)
    now = Edited(fresh(chooser))
    older = now.lock
    for _ in range(20):
        then = now
        kept = chooser.choice((then.lock, then.lock, None, older))
        draft = Edited(edited(then.flag, chooser), kept)
        now = Edited(draft.flag, relock(then.revision(), draft.revision()))
        assert excess(then.in_effect(), now.in_effect()) == {}
        assert relock(then.revision(), now.revision()) == now.lock
        older = chooser.choice((older, then.lock))


@settings(max_examples=rounds(5, 100))
@given(st.integers(0, 2**32))
def test_a_base_whose_lock_is_stale_or_missing_counts_as_it_is_built(seed: int) -> None:
    chooser = random.Random(seed)
    now = Edited(fresh(chooser))
    for _ in range(8):
        then = Edited(edited(now.flag, chooser), chooser.choice((now.lock, None)))  # no lock run
        draft = Edited(edited(then.flag, chooser), then.lock)
        now = Edited(draft.flag, relock(then.revision(), draft.revision()))
        assert excess(then.in_effect(), now.in_effect()) == {}


@example(7)  # a step's table that had no entry was given one when its weights were restored
@example(9)
@settings(max_examples=rounds(5, 100))
@given(st.integers(0, 2**32))
def test_going_back_gives_the_earlier_tables_back(seed: int) -> None:
    """From canonical tables by least movement alone; from any others by restoring the lock."""
    chooser = random.Random(seed)
    first = Edited(fresh(chooser))
    there = Edited(edited(first.flag, chooser))
    there.lock = relock(first.revision(), there.revision())
    back = Edited(first.flag, there.lock)
    back.lock = relock(there.revision(), back.revision())
    default = [key for key in first.in_effect() if key[2] == BEFORE]
    assert {key: back.in_effect()[key] for key in default} == {
        key: first.in_effect()[key] for key in default
    }
    further = Edited(edited(there.flag, chooser))
    further.lock = relock(there.revision(), further.revision())
    undone = Edited(
        there.flag, relock(further.revision(), Edited(there.flag, there.lock).revision())
    )
    assert undone.lock == there.lock
    assert undone.in_effect() == there.in_effect()


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_what_is_written_is_what_is_read_and_built(seed: int) -> None:
    chooser = random.Random(seed)
    then = Edited(fresh(chooser))
    head = Edited(edited(edited(then.flag, chooser), chooser))
    text = relock(then.revision(), head.revision())
    assert text == relock(then.revision(), Edited(head.flag, text).revision())
    assert text == relock(None, Edited(head.flag, text).revision())
    if text is not None:
        assert text == relock(None, Edited(head.flag, text + b"# a comment\n").revision())


def test_gates_and_arms_are_apart() -> None:
    """Whoever is inside a gate stays inside and keeps an arm as it opens, weights kept."""
    chooser = random.Random(4)
    flag = fresh(chooser)
    flag["rules"][0]["percentage"] = 10
    then = Edited(flag)
    for percentage in (20, 20.5, 99.999, 100):
        head = Edited(_copy(then.flag))
        head.flag["rules"][0]["percentage"] = percentage
        head.lock = relock(then.revision(), head.revision())
        assert head.in_effect() == then.in_effect()
        gates = [
            {slot for start, end in gate.ranges for slot in range(start, end)}
            if (gate := _gate(each)) is not None
            else set(range(100_000))
            for each in (then, head)
        ]
        assert gates[0] < gates[1]
        then = head


def _gate(each: Edited) -> Any:
    flag = flags_of(repository_of(each.files()), "acme", "production").get("f")
    assert flag is not None
    return flag.definition().form.phases[0].rules[0].gate


def test_the_written_form() -> None:
    then = Edited({"variants": ["a", "b", "c5", "true"], "default": {"split": {"a": 50, "b": 50}}})
    head = Edited(_copy(then.flag))
    head.flag["default"] = {"split": {"a": 40, "b": 40, "c5": 10, "true": 10.0}}
    text = relock(then.revision(), head.revision())
    assert text is not None
    assert (
        text.decode()
        == """\
tables:
  - table: default
    environments: [staging, production]
    weights: {a: 40, b: 40, c5: 10, "true": 10.0}
    ranges:
      a: [[0, 40000]]
      b: [[50000, 90000]]
      c5: [[40000, 50000]]
      "true": [[90000, 100000]]
"""
    )


def test_canonical_tables_need_no_file() -> None:
    then = Edited({"variants": ["a", "b"], "default": {"split": {"a": 90, "b": 10}}})
    head = Edited({"variants": ["a", "b"], "default": {"split": {"a": 75, "b": 25}}})
    assert relock(then.revision(), head.revision()) is None
    assert relock(None, head.revision()) is None


UNEVEN: Final = b"""\
tables:
  - table: TABLE
    environments: [staging, production]
    weights: {a: 1, b: 1}
    ranges: {a: [[0, 25000], [75000, 100000]], b: [[25000, 75000]]}
"""


def ruled(name: str, **more: Any) -> Written:
    rule = {"name": name, "serve": {"split": {"a": 1, "b": 1}}, **more}
    return {"variants": ["a", "b"], "default": "a", "rules": [rule]}


def test_a_renamed_rule_takes_its_table_along() -> None:
    then = Edited(ruled("old"), UNEVEN.replace(b"TABLE", b"old"))
    for lock in (then.lock, None):
        text = relock(then.revision(), Edited(ruled("new", was="old"), lock).revision())
        assert text is not None
        assert b"table: new\n" in text
        assert b"a: [[0, 25000], [75000, 100000]]" in text
        again = Edited(ruled("newer", was="old"), text)
        assert b"table: newer" in (
            relock(Edited(ruled("new", was="old"), text).revision(), again.revision()) or b""
        )


def test_what_is_gone_has_no_entry() -> None:
    then = Edited(ruled("r"), UNEVEN.replace(b"TABLE", b"r"))
    gone: Written = {"variants": ["a", "b"], "default": "a"}
    assert relock(then.revision(), Edited(gone, then.lock).revision()) is None


def test_another_salt_or_unit_has_nothing_to_keep() -> None:
    then = Edited(ruled("r"), UNEVEN.replace(b"TABLE", b"r"))
    for more in ({"seed": "x"}, {"by": "org"}):
        (table,) = relocked(then.revision(), Edited(ruled("r", **more)).revision()).tables
        assert (table.before, table.moved, table.least) == (None, 0, 0)


def test_a_step_that_is_taken_in_keeps_its_users() -> None:
    """The ramp is over; its last step becomes the weights. Its users are in that step's table."""
    steps = [{"at": STEPS[0], "set": {"default": {"split": {"a": 1, "b": 1}}}}]
    flag: Written = {"variants": ["a", "b"], "default": "a", "schedule": steps}
    lock = UNEVEN.replace(b"TABLE", b"default").replace(
        b"    weights", f"    at: {STEPS[0]}\n    weights".encode()
    )
    then = Edited(flag, lock)
    text = relock(
        then.revision(),
        Edited({"variants": ["a", "b"], "default": {"split": {"a": 1, "b": 1}}}, lock).revision(),
    )
    assert text is not None
    assert b"at:" not in text
    assert b"a: [[0, 25000], [75000, 100000]]" in text


@pytest.mark.parametrize("damage", ["overlap", "twice"])
def test_an_entry_that_cannot_be_used(damage: str) -> None:
    good = UNEVEN.replace(b"TABLE", b"r")
    then = Edited(ruled("r"), good)
    if damage == "overlap":
        bad = good.replace(b"[25000, 75000]", b"[20000, 75000]")
    else:
        bad = good + good.partition(b"\n")[2]
    lock = read_lock(bad, "f.lock.yaml")
    assert isinstance(lock, Lock)
    head = FlagAtRevision(key="f", flag=then.revision().flag, lock=lock, environments=ENVIRONMENTS)
    assert read_lock(relock(then.revision(), head) or b"", "f") == then.revision().lock
    assert relocked(None, head).lost == (("r", None),)


@pytest.mark.parametrize("arms", [2, 3, 4, 6, 10])
def test_locks_stay_small(arms: int) -> None:
    """300 edits of any kind: no edit adds more than 4 borders an arm, and most of them go again."""
    most = 0
    for seed in range(24 // arms):
        chooser = random.Random(seed)
        names = [f"v{number}" for number in range(arms)]
        weights = {name: Decimal(chooser.randint(1, 100)) for name in names}
        table: Ranges = canonical_ranges(weights)
        for _ in range(300):
            weights = {**weights, chooser.choice(names): Decimal(chooser.randint(0, 100))}
            if not any(weights.values()):
                weights[names[0]] = Decimal(1)
            last, table = table, least_move(table, weights)
            assert _borders(table) <= _borders(last) + 4 * arms
            most = max(most, _borders(table))
    assert most <= 3 * arms * arms


def _borders(table: Ranges) -> int:
    return sum(map(len, table.values()))


def test_counting_by_range_is_counting_by_slot() -> None:
    before = canonical_ranges({"a": Decimal(50), "b": Decimal(50)})
    after = canonical_ranges({"a": Decimal(40), "b": Decimal(40), "c": Decimal(20)})
    spans = [
        tuple(sorted((start, end, arm) for arm, each in table.items() for start, end in each))
        for table in (before, after)
    ]
    assert moved(before, after) == changed(spans[0], spans[1]) == 30_000
    assert tables.SLOTS == 100_000
