"""Brute force that plans are held against: every combination of slots that tables tell apart.

The slow evaluator answers, which was written from the design alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from burgee.evaluation.conditions import prepare_condition
from burgee.evaluation.run import Run
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import FlagForm, GateForm, SplitForm
from burgee_compiler.plan.compare import Revision
from burgee_compiler.plan.groups import Group, Served, groups_of
from burgee_compiler.plan.pair import Pair
from burgee_compiler.repository import Repository
from support.slow_evaluator import slow_evaluate

__all__ = ["held_against_brute_force"]

SLOTS = 100_000
_MOST_CELLS = 3_000
Moves = dict[tuple[Served, Served], Fraction]
Table = tuple[str, str]
"""A salt, and the path of the unit that is hashed with it."""


def held_against_brute_force(
    base: Revision,
    head: Revision,
    flag: tuple[str, str],
    environment: str,
    context: Mapping[str, Any],
    now: int,
    *,
    is_inlining: bool = True,
) -> Fraction | None:
    """Assert that the shares of the group that a context is in are those of all slots.

    `flag` is its tenant and key. Returns the share that moves; None where there are more
    combinations of slots than can be walked.
    """
    tenant, key = flag
    before, after = (
        None if (scene := side.scene(tenant, environment)) is None else scene.side(key)
        for side in (base, head)
    )
    pair = Pair(before, after, inlining=is_inlining)
    groups = groups_of(
        (pair.flag(is_after=False), now), (pair.flag(is_after=True), now), pair.possible
    )
    group = _group_of(groups, _facts(pair, context, now))
    cells = _cells(pair, now)
    if _combinations(cells) > _MOST_CELLS or _shared(pair, set(cells)):
        return None
    repositories = (base.repository, head.repository)
    expected = _brute_force(repositories, flag, environment, context, now, cells)
    assert group.moves == expected, f"{tenant}/{key} in {environment} for {context}"
    assert sum(group.moves.values()) == 1
    return group.moved


def _facts(pair: Pair, context: Mapping[str, Any], now: int) -> dict[str, bool]:
    """Return which facts hold of a context; each is asked of the side that it belongs to."""
    found: dict[str, bool] = {}
    for is_after, side in ((False, pair.before), (True, pair.after)):
        for name, atom in pair.atoms(is_after=is_after).items():
            assert side is not None
            run = Run(side.scene.flags)
            if atom.requires is not None:
                served = run.served(atom.requires.flag, context, now)
                held = served in atom.requires.serves
            else:
                assert atom.when is not None
                condition = prepare_condition(atom.when, side.scene.flags.segment)
                held = condition.test(context, now, run)
            assert found.setdefault(name, held) == held, "one fact on both sides"
    return found


def _group_of(groups: list[Group], facts: dict[str, bool]) -> Group:
    (group,) = [
        each for each in groups if all(facts[name] == held for name, held in each.facts.items())
    ]
    return group


def _tables(form: FlagForm) -> Iterator[tuple[Table, GateForm | SplitForm]]:
    for phase in form.phases:
        for outcome in (phase.default, *phase.rules):
            for name in ("gate", "split", "layer"):
                table = getattr(outcome, name, None)
                if table is not None:
                    yield (table.salt, outcome.by), table


def _forms(pair: Pair) -> Iterator[FlagForm]:
    """Yield the flag on both sides, and those that are worked out with it."""
    for side in (pair.before, pair.after):
        if side is not None:
            yield side.form
            yield from map(side.scene.form, pair.inlined)


def _cells(pair: Pair, now: int) -> dict[Table, list[tuple[int, int]]]:
    """Return, by salt and unit, ranges of slots that no table tells apart."""
    cuts: dict[Table, set[int]] = {}
    for form in _forms(pair):
        for name, table in _tables(form):
            found = cuts.setdefault(name, {0, SLOTS})
            for span in table.ranges:
                found.update(span[:2])
            if isinstance(table, GateForm) and table.moving is not None:
                first, last, start, end = table.moving
                share = Fraction(min(max(now, start), end) - start, end - start)
                found.add((first + (last - first) * share).__floor__())
    return {name: list(pairwise(sorted(found))) for name, found in cuts.items()}


def _combinations(cells: Mapping[Table, list[tuple[int, int]]]) -> int:
    total = 1
    for each in cells.values():
        total *= len(each)
    return total


def _shared(pair: Pair, tables: set[Table]) -> bool:
    """Whether a flag that is a fact draws with a salt of these: facts then go with slots."""
    for side in (pair.before, pair.after):
        stack = [] if side is None else [*pair.inlined, *side.below]
        seen: set[str] = set()
        while stack:
            assert side is not None
            name = stack.pop()
            other = None if name in seen else side.scene.side(name)
            seen.add(name)
            if other is None:
                continue
            salts = {salt for (salt, _), _ in _tables(other.form)}
            if name not in pair.inlined and salts & {salt for salt, _ in tables}:
                return True
            stack += other.below
    return False


def _brute_force(
    repositories: tuple[Repository, Repository],
    flag: tuple[str, str],
    environment: str,
    context: Mapping[str, Any],
    now: int,
    cells: Mapping[Table, list[tuple[int, int]]],
) -> Moves:
    moves: Moves = {}
    names = sorted(cells)
    for combination in product(*(cells[name] for name in names)):
        ends = []
        for last in (False, True):
            chosen = [end - 1 if last else start for start, end in combination]
            slots = dict(zip(names, chosen, strict=True))
            ends.append(
                tuple(_slow(each, flag, environment, context, now, slots) for each in repositories)
            )
        assert ends[0] == ends[1], "a table tells slots apart that its form does not"
        share = Fraction(1)
        for start, end in combination:
            share *= Fraction(end - start, SLOTS)
        pair = ends[0][0], ends[0][1]
        moves[pair] = moves.get(pair, Fraction(0)) + share
    return moves


def _slow(
    repository: Repository,
    flag: tuple[str, str],
    environment: str,
    context: Mapping[str, Any],
    now: int,
    slots: Mapping[Table, int],
) -> Served:
    def pinned(salt: str, by: str) -> int | None:
        return slots.get((salt, "targetingKey" if by == "user.id" else by))

    tenant, key = flag
    if tenant not in repository.tenants:
        return Served(None, None)
    result = slow_evaluate(repository, tenant, key, environment, context, now, pinned)
    value = None if result.value is None else canonical(result.value).decode()
    return Served(result.variant, value)
