"""Promise: after every step of a schedule, each split has the table that locks and steps give it.

A split that a step sets starts from its own entry in the lock, else from the table in effect
before the step; a variant for all is a table of one range.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from support.emitted import flags_of
from support.memory_tree import repository_of
from support.slow_evaluator.tables_in_effect import table_in_effect
from support.strategies.drawing import Chooser
from support.strategies.outcomes import lock_entry, serve
from support.strategies.universe import INSTANTS, spelled
from support.yaml_text import yaml_text

NAMES = ("a", "b", "c")
Ranges = tuple[tuple[int, int, str], ...]


@st.composite
def _flags_and_locks(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw a flag whose default is set again and again, and entries for its splits."""
    c = Chooser(draw)
    served = [serve(c, NAMES)]
    flag: dict[str, Any] = {"variants": list(NAMES), "default": served[0], "schedule": []}
    instants: list[int | None] = [None]
    for at in c.some(INSTANTS, 1, 4):
        if c.chance(4):
            step: dict[str, Any] = {"off_variant": c.pick(NAMES)}
        else:
            served.append(c.pick(served) if c.chance(3) else serve(c, NAMES))
            instants.append(at)
            step = {"default": served[-1]}
        flag["schedule"].append({"at": spelled(at), "set": step})
    splits = [at for at, each in zip(instants, served, strict=True) if isinstance(each, dict)]
    entries = [
        lock_entry(c, "default", at, ["production"], (*NAMES, "gone"))
        for at in c.some([None, *(at for at in splits if at is not None)], 0, 3)
    ]
    return flag, entries


@given(_flags_and_locks())
def test_every_phase_has_its_table(drawn: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    written, entries = drawn
    files = {
        "burgee.yaml": yaml_text({"environments": ["production"]}),
        "acme/flags/f.yaml": yaml_text(written),
        "acme/flags/f.lock.yaml": yaml_text({"tables": entries}),
    }
    repository = repository_of(files)
    flag = repository.tenants["acme"].flags["f"].flag
    lock = repository.tenants["acme"].locks["f"].lock
    assert flag is not None
    assert lock is not None
    flag_of = flags_of(repository, "acme", "production").get("f")
    assert flag_of is not None
    prepared = flag_of.definition()
    names = [name for name, _ in prepared.form.variants]
    for at in (INSTANTS[0] - 1, *INSTANTS):
        form = prepared.phase_at(at).form.default
        if form.split is not None:
            found: Ranges = tuple((a, b, names[arm]) for a, b, arm in form.split.ranges)
        else:
            assert form.serve is not None
            found = ((0, 100_000, names[form.serve]),)
        if form.split is not None or _is_split(flag, at):
            expected = table_in_effect(flag, lock.tables, "default", "production", at)
            assert _merged(found) == expected


def _is_split(flag: Any, at: int) -> bool:
    served = flag.default.serve
    for step in flag.schedule:
        if step.at <= at and step.set.default is not UNSET:
            served = step.set.default.serve
    return served.split is not None


def _merged(ranges: Ranges) -> Ranges:
    """Return the ranges with neighbours of one arm as one: a lock may write them as two."""
    found: list[tuple[int, int, str]] = []
    for start, end, arm in ranges:
        if found and found[-1][1:] == (start, arm):
            found[-1] = (found[-1][0], end, arm)
        else:
            found.append((start, end, arm))
    return tuple(found)


def test_weights_are_exact_decimals() -> None:
    """0.1 and 0.2 of 0.3 are a third and two thirds; no binary fraction comes between."""
    files = {
        "burgee.yaml": yaml_text({"environments": ["production"]}),
        "acme/flags/f.yaml": "variants: [a, b]\ndefault: {split: {a: 0.1, b: 0.2}}\n",
    }
    repository = repository_of(files)
    flag = repository.tenants["acme"].flags["f"].flag
    assert flag is not None
    assert flag.default.serve.split == {"a": Decimal("0.1"), "b": Decimal("0.2")}
    prepared = flags_of(repository, "acme", "production").get("f")
    assert prepared is not None
    split = prepared.definition().form.phases[0].default.split
    assert split is not None
    assert split.ranges == ((0, 33_333, 0), (33_333, 100_000, 1))
