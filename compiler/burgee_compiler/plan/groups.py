"""Groups of users, by which facts hold of them, and what each group gets before and after.

Exact: the tables are walked cell by cell with the production evaluator, and different salts count
as independent. Nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from msgspec import Struct

from burgee.evaluation import Result
from burgee.evaluation.run import Slots
from burgee.evaluation.shares import shares
from burgee.snapshot.canonical import canonical
from burgee_compiler.plan.atoms import FLAG, AtomicFlag

__all__ = ["Group", "Served", "TooManyGroups", "groups_of"]

Facts = dict[str, bool]
Possible = Callable[[Mapping[str, bool]], bool]

_MOST_GROUPS = 512


class TooManyGroups(ValueError):
    """The rules of a flag tell more groups of users apart than can be walked."""


class Served(Struct, frozen=True, order=True):
    """What is served: the variant, None for the caller's default, and its value as JSON."""

    variant: str | None
    value: str | None


class Group(Struct, frozen=True):
    """Users of whom these facts hold, and the share of them that gets one thing and then another.

    Facts that are not named make no difference. The shares sum to 1.
    """

    facts: Facts
    moves: dict[tuple[Served, Served], Fraction]

    @property
    def moved(self) -> Fraction:
        """The share of the group that gets something else."""
        return sum((n for (old, new), n in self.moves.items() if old != new), Fraction(0))

    @property
    def least(self) -> Fraction:
        """The share that has to get something else, as the shares before and after are."""
        before, after = self.before, self.after
        kept = (min(before[each], after.get(each, Fraction(0))) for each in before)
        return 1 - sum(kept, Fraction(0))

    @property
    def before(self) -> dict[Served, Fraction]:
        """The share that gets each thing before."""
        return _summed((old, share) for (old, _), share in self.moves.items())

    @property
    def after(self) -> dict[Served, Fraction]:
        """The share that gets each thing after."""
        return _summed((new, share) for (_, new), share in self.moves.items())


def _summed(pairs: Iterator[tuple[Served, Fraction]]) -> dict[Served, Fraction]:
    found: dict[Served, Fraction] = {}
    for each, share in pairs:
        found[each] = found.get(each, Fraction(0)) + share
    return found


class _Asked(Exception):
    """An evaluation asked for a fact that is still open."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Facts(dict[str, bool]):
    """A context of facts; one that is not there yet is told by an exception."""

    def get(self, name: str, default: Any = None) -> Any:
        if name in self:
            return self[name]
        if name.startswith("@"):
            raise _Asked(name)
        return default  # the unit, which is not looked at: slots are chosen


def groups_of(
    before: tuple[AtomicFlag | None, int],
    after: tuple[AtomicFlag | None, int],
    possible: Possible = lambda facts: True,
) -> list[Group]:
    """Return all groups of a flag before and after, each at an instant of its own.

    A flag that is not there serves the caller's default. Combinations of facts for which
    `possible` is false are left out. Raises TooManyGroups, and TooManyCells of `shares`.
    """
    found: list[Group] = []
    open_: list[Facts] = [{}]
    while open_:
        if len(found) + len(open_) > _MOST_GROUPS:
            raise TooManyGroups(f"more than {_MOST_GROUPS} groups of users")
        facts = open_.pop()
        try:
            found.append(Group(facts, _moves(before, after, facts)))
        except _Asked as asked:
            both = ({**facts, asked.name: False}, {**facts, asked.name: True})
            open_ += [each for each in both if possible(each)]
    return found


def _moves(
    before: tuple[AtomicFlag | None, int], after: tuple[AtomicFlag | None, int], facts: Facts
) -> dict[tuple[Served, Served], Fraction]:
    def both(slots: Slots) -> tuple[Served, Served]:
        return _served(*before, facts, slots), _served(*after, facts, slots)

    moves: dict[tuple[Served, Served], Fraction] = {}
    for share, pair in shares(both):
        moves[pair] = moves.get(pair, Fraction(0)) + share
    return moves


def _served(flag: AtomicFlag | None, now: int, facts: Facts, slots: Slots) -> Served:
    if flag is None:
        return Served(None, None)
    result: Result = flag.flags.evaluate(FLAG, _Facts(facts), now, slots)
    value = result.value
    return Served(result.variant, None if value is None else canonical(value).decode())
